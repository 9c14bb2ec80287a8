#!/usr/bin/env python3
"""Fails when a document of this repository links to a file or heading that is not there, or one that is shipped to a
file that is not where the package puts that document."""

import pathlib
import posixpath
import re
import sys

ROOT = pathlib.Path(__file__).resolve().parent.parent
LINK = re.compile(r"\[[^\]]*\]\(([^)\s]+)\)")
FENCED = re.compile(r"^(```|~~~).*?^\1", re.MULTILINE | re.DOTALL)


def prose(document):
    return FENCED.sub("", document.read_text(encoding="utf-8"))


def anchors(document):
    """The names of the headings as code hosts make them."""
    headings = re.findall(r"^#+ +(.*?) *$", prose(document), re.MULTILINE)
    kept = (re.sub(r"[^\w\- ]", "", heading.lower()) for heading in headings)
    return {heading.replace(" ", "-") for heading in kept}


def shipped():
    """Where the package puts each document, and the places of all its files."""
    lines = (ROOT / "packaging/files.txt").read_text(encoding="utf-8").splitlines()
    places = dict(line.split()[:2] for line in lines if line and not line.startswith("#"))
    return {ROOT / source: place for source, place in places.items() if source.endswith(".md")}, set(places.values())


def broken(document, place, places):
    for target in LINK.findall(prose(document)):
        if re.match(r"[a-z]+:", target):
            continue
        path, _, anchor = target.partition("#")
        file = (document.parent / path) if path else document
        if not file.exists():
            yield target, "no such file"
        elif anchor and file.suffix == ".md" and anchor not in anchors(file):
            yield target, "no such heading"
        elif place and path and posixpath.normpath(posixpath.join(posixpath.dirname(place), path)) not in places:
            yield target, "no such file where the package puts it"


def main():
    documents = [path for path in sorted(ROOT.rglob("*.md"))
                 if path.relative_to(ROOT).parts[0] not in ("build", ".git")]
    place_of, places = shipped()
    findings = [f"{document.relative_to(ROOT)}: {target}: {why}" for document in documents
                for target, why in broken(document, place_of.get(document), places)]
    print("\n".join([*findings, f"links: {len(documents)} documents, {len(findings)} broken"]))
    return 1 if findings else 0


if __name__ == "__main__":
    sys.exit(main())
