// What LogQL's strings say, and whether they match: Go's strings and RE2 through JavaScript.

// Go's strings are JSON's, for what a query needs; those in backticks are as they stand.
export function unquote(text) {
    if (text[0] === "`") return text.slice(1, -1);
    try { return JSON.parse(text); } catch { throw new Error("no string with right escapes"); }
}

// What only one of RE2 and JavaScript knows is refused or translated.
export function regex(pattern, anchored) {
    if (/\(\?<?[=!]|\\[1-9]|\\[cku]|[*+?}]\+/.test(pattern)) throw new Error("RE2 does not know this");
    let source = pattern.replace(/\(\?P</g, "(?<");
    const letter = (c) => `[${c.toLowerCase()}${c.toUpperCase()}]`;
    const fold = (part) => part.replace(/\\.|[a-z]/gi, (c) => (c[0] === "\\" ? c : letter(c)));
    source = source.replace(/\(\?i:([^()]*)\)/g, (_, part) => `(?:${fold(part)})`);
    const flags = /^\(\?i\)/.test(source) ? "i" : "";
    source = source.replace(/^\(\?i\)/, "");
    return new RegExp(anchored ? `^(?:${source})$` : source, `${flags}s`);
}

// The operators of a label's matcher, which are anchored.
export function label_matches(operator, pattern, value) {
    switch (operator) {
        case "=": return value === pattern;
        case "!=": return value !== pattern;
        case "=~": return regex(pattern, true).test(value);
        case "!~": return !regex(pattern, true).test(value);
        default: throw new Error(`no such operator here: ${operator}`);
    }
}

export function line_matches(operator, pattern, line) {
    switch (operator) {
        case "|=": return line.includes(pattern);
        case "!=": return !line.includes(pattern);
        case "|~": return regex(pattern, false).test(line);
        case "!~": return !regex(pattern, false).test(line);
        default: throw new Error(`no such operator here: ${operator}`);
    }
}
