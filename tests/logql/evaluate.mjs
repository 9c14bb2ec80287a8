// Evaluates LogQL over lines, as far as the rules need it: sum by (…) of count_over_time of a
// pipeline, compared with a number. What else the grammar allows is an error, never a guess.
// Standard input is a JSON list of {text, rows}, a row {labels, metadata, line, ago}, `ago` the
// seconds from its time to the evaluation. Standard output: for each {series: [{labels, value}]} or
// {error}. The argument is the folder that has node_modules.

import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { resolve } from "node:path";

import { label_matches, line_matches, regex, unquote } from "./matching.mjs";

const { parser } = createRequire(resolve(process.argv[2], "here.cjs"))("@grafana/lezer-logql");

const COMPARISONS = { Gtr: (a, b) => a > b, Gte: (a, b) => a >= b };
const SECONDS = { h: 3600, m: 60, s: 1 };

class Evaluator {
    constructor(text) { this.text = text; }

    written(node) { return this.text.slice(node.from, node.to); }

    unknown(node) { return new Error(`the evaluator does not know: ${this.written(node)}`); }

    // The children of a node, which has to have just these.
    parts(node, ...shapes) {
        const found = [];
        for (let child = node.firstChild; child; child = child.nextSibling) found.push(child);
        if (!shapes.includes(found.map(({ name }) => name).join(" "))) throw this.unknown(node);
        return found;
    }

    // What is in wrappers of the grammar, and in brackets.
    within(node, name) {
        let inner = node;
        while (["LogQL", "Expr", "MetricExpr", "LiteralExpr"].includes(inner.name)) {
            if (!inner.firstChild || inner.firstChild.nextSibling) throw this.unknown(node);
            inner = inner.firstChild;
        }
        if (inner.name !== name) throw this.unknown(node);
        return inner;
    }

    // A list that the grammar nests to the left: a, then b, then c.
    items(node, item) {
        const found = this.parts(node, item, `${node.name} ${item}`);
        return found.length === 1 ? found : [...this.items(found[0], item), found[1]];
    }

    compared(tree, rows) {
        const comparison = this.within(tree, "BinOpExpr");
        const [left, operator, modifier, right] = this.parts(comparison,
            ...Object.keys(COMPARISONS).map((name) => `Expr ${name} BinOpModifier Expr`));
        if (this.written(modifier)) throw this.unknown(comparison);
        const bound = Number(this.written(this.within(right, "Number")));
        return this.summed(this.within(left, "VectorAggregationExpr"), rows)
            .filter(({ value }) => COMPARISONS[operator.name](value, bound));
    }

    summed(node, rows) {
        const [operator, grouping, of] = this.parts(node, "VectorOp Grouping MetricExpr");
        this.parts(operator, "Sum");
        const [, list] = this.parts(grouping, "By Labels");
        const names = this.items(list, "Identifier").map((one) => this.written(one));
        const groups = new Map();
        for (const fields of this.counted(this.within(of, "RangeAggregationExpr"), rows)) {
            const labels = names.filter((name) => fields[name]).map((name) => [name, fields[name]]);
            const key = JSON.stringify(labels);
            const group = groups.get(key) ?? { labels: Object.fromEntries(labels), value: 0 };
            groups.set(key, { ...group, value: group.value + 1 });
        }
        return [...groups.values()];
    }

    // The fields of each row that counts. Of the window's two ends the older one is outside.
    counted(node, rows) {
        const [operator, of] = this.parts(node, "RangeOp LogRangeExpr");
        this.parts(operator, "CountOverTime");
        const found = this.parts(of, "Selector PipelineExpr Range", "Selector Range");
        const seconds = this.seconds(found.at(-1));
        const matchers = this.items(this.parts(found[0], "Matchers")[0], "Matcher").map((one) => this.matcher(one));
        const stages = found.length === 3 ? this.stages(found[1]) : [];
        return rows.filter((row) => row.ago >= 0 && row.ago < seconds)
            .filter(({ labels }) => matchers.every((matches) => matches({ fields: labels })))
            .map(({ labels, metadata, line }) => ({ line, fields: { ...labels, ...metadata } }))
            .filter((row) => stages.every((passes) => passes(row)))
            .map(({ fields }) => fields);
    }

    seconds(range) {
        const text = this.written(this.parts(range, "Duration")[0]);
        if (!/^(\d+[hms])+$/.test(text)) throw this.unknown(range);
        return [...text.matchAll(/(\d+)([hms])/g)].reduce((sum, [, count, unit]) => sum + count * SECONDS[unit], 0);
    }

    matcher(node) {
        const [name, operator, value] = this.parts(node,
            ...["Eq", "Neq", "Re", "Nre"].map((one) => `Identifier ${one} String`)).map((one) => this.written(one));
        const pattern = unquote(value);
        return ({ fields }) => label_matches(operator, pattern, fields[name] ?? "");
    }

    // Of a pipeline, in its order: each says whether a row passes, and may add to its fields.
    stages(pipeline) {
        return this.items(pipeline, "PipelineStage").flatMap((stage) => {
            const found = this.parts(stage, "LineFilters", "Pipe LabelFilter", "Pipe LabelParser").at(-1);
            if (found.name === "LineFilters") return this.items(found, "LineFilter").map((one) => this.line_filter(one));
            if (found.name === "LabelFilter") return [this.matcher(this.parts(found, "Matcher")[0])];
            return [this.regexp(found)];
        });
    }

    line_filter(node) {
        const [operator, value] = this.parts(node, "Filter String").map((one) => this.written(one));
        const pattern = unquote(value);
        return ({ line }) => line_matches(operator, pattern, line);
    }

    // A line that does not match stays as it is. Loki renames a name that is taken; no rule needs that.
    regexp(node) {
        const pattern = regex(unquote(this.written(this.parts(node, "Regexp String")[1])), false);
        return (row) => {
            for (const [name, value] of Object.entries(pattern.exec(row.line)?.groups ?? {})) {
                if (name in row.fields) throw new Error(`the evaluator does not rename: ${name}`);
                row.fields[name] = value ?? "";
            }
            return true;
        };
    }
}

function evaluated({ text, rows }) {
    const tree = parser.parse(text);
    let wrong = false;
    tree.iterate({ enter({ type }) { wrong ||= type.isError; } });
    if (wrong) return { error: "not LogQL" };
    try {
        return { series: new Evaluator(text).compared(tree.topNode, rows) };
    } catch (error) { return { error: error.message }; }
}

console.log(JSON.stringify(JSON.parse(readFileSync(0, "utf8")).map(evaluated)));
