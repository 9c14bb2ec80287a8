"""Label sets and selectors as Loki reads and writes them.

Labels are parsed as in pkg/logql/syntax/parser.go (ParseLabels, which is Prometheus' ParseMetric):
sorted, without those whose value is empty, duplicates kept for the validation to find. Real Loki
also takes 'a' and `a` for quotes, a metric's name in front, and since 3.x quoted names: nobody
should send those, so they are refused here.
"""

import re
from typing import Callable, NamedTuple

Labels = tuple[tuple[str, str], ...]

NAME = re.compile(r"[a-zA-Z_][a-zA-Z0-9_]*")
STRING = re.compile(r'"((?:[^"\\\n]|\\.)*)"')
# Prometheus' strutil.Unquote for double quotes: \' is not among them.
ESCAPE = re.compile(r"""\\(?:([abfnrtv\\"])|x([0-9a-fA-F]{2})|([0-3][0-7]{2})"""
                    r"""|u([0-9a-fA-F]{4})|U([0-9a-fA-F]{8})|(.))""", re.DOTALL)
SIMPLE = {"a": "\a", "b": "\b", "f": "\f", "n": "\n", "r": "\r", "t": "\t", "v": "\v",
          "\\": "\\", '"': '"'}
WRITTEN = {value: f"\\{key}" for key, value in SIMPLE.items()}
OPERATOR = re.compile(r"=~|!~|!=|=")
SPACE = re.compile(r"[ \t\r\n]*")


class Unparsable(Exception):
    pass


class Matcher(NamedTuple):
    name: str
    operator: str
    value: str

    def accepts(self, text: str) -> bool:
        if self.operator in ("=", "!="):
            same = text == self.value
        else:  # anchored at both ends
            same = re.fullmatch(self.value, text, re.DOTALL) is not None
        return same == (self.operator in ("=", "=~"))


def parse_labels(text: str) -> Labels:
    found, rest = parse_braces(text)
    if rest:
        raise fault(text, text.index(rest), f"unexpected {rest[:20]!r}")
    for name, operator, _ in found:
        if operator != "=":
            raise fault(text, 0, f"unexpected {operator!r} in label set of {name}, expected \"=\"")
    return tuple(sorted((name, value) for name, _, value in found if value))


def parse_braces(text: str) -> tuple[list[Matcher], str]:
    """What is in the braces, and the text behind them."""
    at = skip(text, 0)
    if text[at:at + 1] != "{":
        raise fault(text, at, f"unexpected {text[at:at + 20] or 'end of input'!r}, expected {{")
    found, at = [], skip(text, at + 1)
    while text[at:at + 1] != "}":
        name = expect(NAME, text, at, 'in label set, expected identifier or "}"')
        operator = expect(OPERATOR, text, skip(text, name.end()), 'in label set, expected "="')
        value = expect(STRING, text, skip(text, operator.end()), "in label set, expected string")
        found.append(Matcher(name[0], operator[0], unquote(text, value)))
        at = skip(text, value.end())
        if text[at:at + 1] == ",":
            at = skip(text, at + 1)
        elif text[at:at + 1] != "}":
            raise fault(text, at, f"unexpected {text[at:at + 20] or 'end of input'!r} in label set,"
                                  ' expected "," or "}"')
    return found, text[skip(text, at + 1):]


def skip(text: str, at: int) -> int:
    return SPACE.match(text, at).end()


def expect(pattern: re.Pattern, text: str, at: int, what: str) -> re.Match:
    found = pattern.match(text, at)
    if not found:
        raise fault(text, at, f"unexpected {text[at:at + 20] or 'end of input'!r} {what}")
    return found


def fault(text: str, at: int, what: str) -> Unparsable:
    line = text.count("\n", 0, at) + 1
    column = at - (text.rfind("\n", 0, at) + 1) + 1
    return Unparsable(f"{line}:{column}: parse error: {what}")


def unquote(text: str, found: re.Match) -> str:
    """Escapes may give bytes, so UTF-8 is looked at in the end. Real Loki stores what is not."""
    def replace(escape: re.Match) -> bytes:
        simple, short, octal, point, long, other = escape.groups()
        if other:
            raise fault(text, found.start(), "invalid syntax")
        if simple:
            return SIMPLE[simple].encode()
        if point or long:
            return chr(int(point or long, 16)).encode()
        return bytes([int(short, 16) if short else int(octal, 8)])
    written, value, at = found[1], b"", 0
    try:
        for escape in ESCAPE.finditer(written):
            value += written[at:escape.start()].encode() + replace(escape)
            at = escape.end()
        return (value + written[at:].encode()).decode()
    except (UnicodeError, ValueError, OverflowError):
        raise fault(text, found.start(), "invalid UTF-8 rune") from None


def written(labels: Labels) -> str:
    """As labels.Labels.String() has it."""
    return "{" + ", ".join(f"{name}={quoted(value)}" for name, value in labels) + "}"


def quoted(text: str) -> str:
    """As Go's strconv.Quote has it."""
    def one(character: str) -> str:
        code = ord(character)
        if character in WRITTEN:
            return WRITTEN[character]
        if character.isprintable():
            return character
        if code < 0x20 or code == 0x7f:
            return f"\\x{code:02x}"
        return f"\\u{code:04x}" if code < 0x10000 else f"\\U{code:08x}"
    return '"' + "".join(map(one, text)) + '"'


def parse_query(text: str) -> tuple[list[Matcher], Callable[[str], bool]]:
    """The matchers of a selector, and whether a line passes the filter that may be behind it."""
    matchers, rest = parse_braces(text)
    for one in matchers:
        if one.operator in ("=~", "!~"):
            try:
                re.compile(one.value)
            except re.error as problem:
                raise Unparsable(f"error parsing regexp: {problem}") from None
    if not rest:
        return matchers, lambda line: True
    found = re.fullmatch(r"(\|=|!=)[ \t]*(?:" + STRING.pattern + r"|`([^`]*)`)[ \t]*", rest)
    if not found:
        raise Unparsable(f"syntax error: unexpected {rest[:20]!r}")
    # The double knows one filter; real Loki any number of them, and pipelines.
    wanted = found[3] if found[2] is None else unquote(rest, STRING.search(rest))
    return matchers, (lambda line: wanted in line) if found[1] == "|=" \
        else (lambda line: wanted not in line)
