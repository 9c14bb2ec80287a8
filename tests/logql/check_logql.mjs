// Checks LogQL: standard input is a JSON list of {file, line, name, text}; each finding is
// one line, and any makes it exit with 1. Its argument is the folder that has node_modules.
// The parser is made for editors and goes on after errors: each error node is a finding.

import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { resolve } from "node:path";

import { label_matches, regex, unquote } from "./matching.mjs";

const { parser } = createRequire(resolve(process.argv[2], "here.cjs"))("@grafana/lezer-logql");

const { labels: LABELS, metadata: METADATA } =
    JSON.parse(readFileSync(new URL("names.json", import.meta.url), "utf8"));

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

function* findings({ text }) {
    const tree = parser.parse(text);
    const errors = [];
    tree.iterate({ enter(node) { if (node.type.isError) errors.push([node.from, "not LogQL"]); } });
    if (errors.length) return yield* errors;
    const found = conditions(tree, text);
    const made = [...text.matchAll(/\(\?P<(\w+)>|label_format +(\w+)/g)].map((match) => match[1] ?? match[2]);
    const problems = found.map((condition) => [condition.from, problem(condition, made)]).filter(([, what]) => what);
    if (problems.length) return yield* problems;
    if (!found.some(({ kind, operator, pattern }) =>
        kind === "label" && /^=/.test(operator) && !label_matches(operator, pattern, ""))) yield [0, "selects every stream"];
    for (const group of text.matchAll(/\b(?:by|on|without|ignoring) *\(([^)]*)\)/g))
        for (const name of group[1].split(",").map((part) => part.trim()).filter(Boolean))
            if (!(name in LABELS) && ![...METADATA, ...made].includes(name)) yield [group.index, `nothing has ${name}`];
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
