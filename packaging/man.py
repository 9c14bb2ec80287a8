"""Manual pages from the commands' own help, so that neither says what the other does not."""

import re
import subprocess

HEADINGS = {"Arguments", "Options", "Verbs", "Examples"}


def help_of(words):
    return subprocess.run([*words, "--help"], check=True, capture_output=True, text=True).stdout


def escaped(text):
    text = text.replace("\\", "\\e").replace("-", "\\-").replace("'", "\\(aq")
    return f"\\&{text}" if text.startswith(".") else text


def sections(text):
    """(heading, lines) of a help text; what precedes the first heading has none."""
    found = [("", [])]
    for line in text.splitlines():
        heading, colon, rest = line.partition(":")
        if colon and heading in HEADINGS | {"Exit", "Usage"} and line == line.lstrip():
            found.append((heading, [rest.strip()] if rest.strip() else []))
        elif line.strip() and line == line.lstrip() and found[-1][0] in HEADINGS:
            found.append(("Notes", [line]))  # a paragraph behind a list
        else:
            found[-1][1].append(line)
    return found


def items(lines):
    """(name, meaning) of the aligned columns of a help text."""
    found = []
    for line in lines:
        if re.match(r"  \S", line):
            name, _, meaning = line.strip().partition("  ")
            found.append([name, meaning.strip()])
        elif line.strip() and found:
            found[-1][1] = f"{found[-1][1]} {line.strip()}".strip()
    return found


def body(heading, lines):
    if heading == "Examples":
        shown = "\n".join(escaped(line.strip()) for line in lines if line.strip())
        return f".nf\n{shown}\n.fi\n"
    if heading in HEADINGS:
        return "".join(f".TP\n.B {escaped(name)}\n{escaped(meaning)}\n"
                       for name, meaning in items(lines))
    return escaped(" ".join(line.strip() for line in lines if line.strip())) + "\n"


def of_verb(words):
    """The part of a page that tells of one verb, and of those below it."""
    text = help_of(words)
    found = dict(sections(text))
    page = f".SS {escaped(' '.join(words[1:]))}\n{body('', found[''])}.PP\n.B {escaped(found['Usage'][0])}\n"
    for heading in ("Arguments", "Options", "Notes", "Examples", "Exit"):
        if found.get(heading):
            page += ".PP\n" * (heading == "Notes")
            page += f".PP\n{heading}:\n.PP\n" * (heading in ("Examples", "Exit"))
            page += body(heading, found[heading])
    return page + "".join(of_verb([*words, verb]) for verb, _ in items(found.get("Verbs", [])))


def page(program, section, title, also):
    """The page of a command that stands at `program`."""
    name = program.name
    found = sections(help_of([str(program)]))
    first, *more = [line for line in found[0][1] if line.strip()]
    text = (f'.TH {name.upper()} {section} "" "{title}" "{title}"\n'
            f".SH NAME\n{name} \\- {escaped(first[0].lower() + first[1:].rstrip('.'))}\n")
    if more:
        text += f".SH DESCRIPTION\n{body('', more)}"
    for heading, lines in found[1:]:
        heading = {"Usage": "SYNOPSIS", "Exit": "EXIT STATUS"}.get(heading, heading.upper())
        text += f".SH {heading}\n{body(heading.capitalize(), lines)}"
    verbs = items(dict(found).get("Verbs", []))
    if verbs:
        text += ".SH EACH VERB\n"
        text += "".join(of_verb([str(program), verb]) for verb, _ in verbs)
    return text + ".SH SEE ALSO\n" + ", ".join(f".BR {one}" for one in also).replace(", .BR", ",\n.BR") + "\n"
