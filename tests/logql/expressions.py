"""Expressions: every LogQL expression that this repository ships, with its place.

Rules are in alerts/loki/*.rules.yml, saved queries in the ```logql blocks of docs/.
"""

import re
from dataclasses import dataclass, field
from pathlib import Path

import yaml

BLOCK = re.compile(r"^```logql\n(.*?)^```$", re.MULTILINE | re.DOTALL)


@dataclass
class Expression:
    file: str
    line: int  # of its first line
    text: str
    rule: dict = field(default_factory=dict)  # empty: a saved query

    @property
    def name(self):
        """A rule's alert, with its cause where the alert has several rules."""
        cause = self.rule.get("labels", {}).get("cause")
        return self.rule.get("alert", "query") + (f" ({cause})" if cause else "")


class Marked(yaml.SafeLoader):
    """Keeps the line of each rule's expression beside it."""

    def construct_mapping(self, node, deep=False):
        made = super().construct_mapping(node, deep)
        for key, value in node.value:
            if key.value == "expr":
                # The text of a block begins on the line after its mark.
                made["expr_line"] = value.start_mark.line + 1 + (value.style in ("|", ">"))
        return made


def rules(root: Path):
    for path in sorted(root.glob("alerts/loki/*.rules.yml")):
        for group in yaml.load(path.read_text(encoding="utf-8"), Marked)["groups"]:
            for rule in group["rules"]:
                yield Expression(str(path.relative_to(root)), rule.pop("expr_line"),
                                 rule.get("expr", ""), rule)


def saved_queries(root: Path):
    for path in sorted(root.glob("docs/**/*.md")):
        text = path.read_text(encoding="utf-8")
        for block in BLOCK.finditer(text):
            line = text.count("\n", 0, block.start(1)) + 1
            yield Expression(str(path.relative_to(root)), line, block[1].rstrip("\n"))
