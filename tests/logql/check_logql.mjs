// Checks LogQL: standard input is a JSON list of {file, line, name, text, lines?}; each finding is
// one line, and any makes it exit with 1. Its argument is the folder that has node_modules.
// The parser is made for editors and goes on after errors: each error node is a finding.
// `lines` of a rule ({fires: [...], quiet: [...]}) are held against its labels and filters.

import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { resolve } from "node:path";

const { parser } = createRequire(resolve(process.argv[2], "here.cjs"))("@grafana/lezer-logql");

const LABELS = {
    job: ["journal", "runner-diag"],
    level: ["critical", "error", "warning", "info", "debug"],
    host: null, environment: null, unit: null, runner: null,
};
const METADATA = ["pid", "identifier", "job_name", "repository", "workflow", "run_id", "run_attempt",
    "component", "file", "full_unit", "original_time"];

// Go's strings are JSON's, for what a query needs; those in backticks are as they stand.
function unquote(text) {
    if (text[0] === "`") return text.slice(1, -1);
    try { return JSON.parse(text); } catch { throw new Error("no string with right escapes"); }
}

// RE2 through JavaScript: what only one of them knows is refused or translated.
function regex(pattern, anchored) {
    if (/\(\?<?[=!]|\\[1-9]|\\[cku]|[*+?}]\+/.test(pattern)) throw new Error("RE2 does not know this");
    let source = pattern.replace(/\(\?P</g, "(?<");
    const letter = (c) => `[${c.toLowerCase()}${c.toUpperCase()}]`;
    const fold = (part) => part.replace(/\\.|[a-z]/gi, (c) => (c[0] === "\\" ? c : letter(c)));
    source = source.replace(/\(\?i:([^()]*)\)/g, (_, part) => `(?:${fold(part)})`);
    const flags = /^\(\?i\)/.test(source) ? "i" : "";
    source = source.replace(/^\(\?i\)/, "");
    return new RegExp(anchored ? `^(?:${source})$` : source, `${flags}s`);
}

function test(operator, pattern, value, kind) {
    const line = kind === "line";
    switch (operator) {
        case "=": return value === pattern;
        case "|=": return value.includes(pattern);
        case "!=": return line ? !value.includes(pattern) : value !== pattern;
        case "=~": case "|~": return regex(pattern, !line).test(value);
        case "!~": return !regex(pattern, !line).test(value);
        default: throw new Error(`no such operator here: ${operator}`);
    }
}

// The matchers and line filters of an expression, in their order.
function conditions(tree, text) {
    const found = [];
    const inside = (node) => text.slice(node.from, node.to);
    tree.iterate({ enter(ref) {
        const node = ref.node;
        const value = node.getChild("String");
        if (node.name === "Matcher" && value) {
            const name = node.getChild("Identifier");
            const kind = node.parent.name === "LabelFilter" ? "filter" : "label";
            found.push({ kind, name: inside(name), from: node.from, value: inside(value),
                operator: text.slice(name.to, value.from).trim() });
        } else if (node.name === "LineFilter" && value) {
            found.push({ kind: "line", from: node.from, value: inside(value),
                operator: inside(node.getChild("Filter")) });
        } else if (node.name === "LabelParser" && node.getChild("Regexp")) {
            found.push({ kind: "regexp", from: node.from, value: inside(value), operator: "=~" });
        }
    } });
    return found;
}

function problem(condition, made) {
    try {
        condition.pattern = unquote(condition.value);
        if (/~/.test(condition.operator)) regex(condition.pattern, false);
    } catch (error) { return `${condition.value}: ${error.message}`; }
    const { kind, name, pattern } = condition;
    if (kind === "label" && !(name in LABELS)) return `${name} is no label`;
    if (kind === "filter" && !(name in LABELS) && ![...METADATA, ...made].includes(name))
        return `${name} is neither a label nor metadata`;
    const odd = (LABELS[name] && kind === "label" ? pattern.split("|") : [])
        .find((value) => value !== "" && !LABELS[name].includes(value));
    return odd === undefined ? null : `${name} is never "${odd}"`;
}

function matches(found, { line, ...labels }) {
    return found.filter((condition) => condition.kind !== "regexp").every(({ kind, name, operator, pattern }) =>
        test(operator, pattern, kind === "line" ? line : labels[name] ?? "", kind));
}

function* findings({ text, lines }) {
    const tree = parser.parse(text);
    const errors = [];
    tree.iterate({ enter(node) { if (node.type.isError) errors.push([node.from, "not LogQL"]); } });
    if (errors.length) return yield* errors;
    const found = conditions(tree, text);
    const made = [...text.matchAll(/\(\?P<(\w+)>|label_format +(\w+)/g)].map((match) => match[1] ?? match[2]);
    const problems = found.map((condition) => [condition.from, problem(condition, made)]).filter(([, what]) => what);
    if (problems.length) return yield* problems;
    if (!found.some(({ kind, operator, pattern }) =>
        kind === "label" && /^=/.test(operator) && !test(operator, pattern, "", kind))) yield [0, "selects every stream"];
    for (const group of text.matchAll(/\b(?:by|on|without|ignoring) *\(([^)]*)\)/g))
        for (const name of group[1].split(",").map((part) => part.trim()).filter(Boolean))
            if (!(name in LABELS) && ![...METADATA, ...made].includes(name)) yield [group.index, `nothing has ${name}`];
    for (const line of lines?.fires ?? []) if (!matches(found, line)) yield [0, `does not see: ${line.line}`];
    for (const line of lines?.quiet ?? []) if (matches(found, line)) yield [0, `wrongly sees: ${line.line}`];
}

let count = 0;
for (const expression of JSON.parse(readFileSync(0, "utf8")))
    for (const [at, what] of findings(expression)) {
        const before = expression.text.slice(0, at).split("\n");
        const where = `${expression.file}:${expression.line + before.length - 1}:${before.at(-1).length + 1}`;
        console.log(`${where}: ${expression.name}: ${what}, at: ${expression.text.slice(at).split("\n")[0] || "its end"}`
            + `  in: ${expression.text.replace(/\s*\n\s*/g, " ")}`);
        count += 1;
    }
process.exitCode = count ? 1 : 0;
