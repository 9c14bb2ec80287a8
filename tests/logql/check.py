#!/usr/bin/env python3
"""Checks the LogQL that is shipped: check.py [ROOT]. Rules, saved queries and their hygiene, and
what the rules make of the lines in lines.yml.

The grammar is that of tests/logql/package.json, unpacked by ./dev below build/cache.
"""

import json
import re
import sys
from pathlib import Path

import yaml

from cases import HERE, MODULES, NEEDED, case_findings, run_node
from expressions import rules, saved_queries

ROOT = HERE.parents[1]
RUNBOOKS = "file:///usr/share/paws-runner-agent/"
SEVERITIES = ("critical", "warning", "info")


def grammar_findings(expressions):
    if not (MODULES / ".complete").is_file():
        return ["the grammar is not unpacked: ./dev lint or ./dev test does that"]
    run = run_node("check_logql.mjs", expressions)
    found = run.stdout.splitlines() + run.stderr.splitlines()
    return found or ([f"check_logql.mjs ended with {run.returncode}"] if run.returncode else [])


def rule_findings(root, expression):
    rule = expression.rule
    labels, notes = rule.get("labels", {}), rule.get("annotations", {})
    if labels.get("severity") not in SEVERITIES:
        yield f"severity is {labels.get('severity')}, not one of {', '.join(SEVERITIES)}"
    for name in ("summary", "description"):
        if not notes.get(name):
            yield f"has no {name}"
    runbook = str(notes.get("runbook_url"))
    if not (runbook.startswith(RUNBOOKS + "runbooks/")
            and (root / runbook.removeprefix(RUNBOOKS)).is_file()):
        yield f"its runbook is no file of ours: {runbook}"
    kept = set()  # the rule's own labels are none of the series
    for group in re.findall(r"\bby *\(([^)]*)\)", expression.text):
        kept |= {name.strip() for name in group.split(",")}
    for name in sorted(set(re.findall(r"\$labels\.(\w+)", json.dumps(notes))) - kept):
        yield f"speaks of the label {name}, which its expression does not keep"


def name_findings(root):
    """One alert is in one file; its rules there differ in a label."""
    seen = {}
    for path in sorted(root.glob("alerts/**/*.rules.yml")):
        file = str(path.relative_to(root))
        for group in yaml.safe_load(path.read_text(encoding="utf-8"))["groups"]:
            for rule in group["rules"]:
                others = seen.setdefault(rule["alert"], [])
                if any(other_file != file or labels == rule["labels"] for other_file, labels in others):
                    yield f"{file}: {rule['alert']}: this alert's name is taken"
                others.append((file, rule["labels"]))


def line_findings(known, lines):
    """Each rule is held against lines; lines of no rule are forgotten ones."""
    for name in sorted(known - set(lines)):
        yield f"tests/logql/lines.yml: {name}: no lines to fire at"
    for name in sorted(set(lines) - known):
        yield f"tests/logql/lines.yml: {name}: no such rule"
    for name in sorted(known & set(lines)):
        for part in NEEDED:
            if not lines[name].get(part):
                yield f"tests/logql/lines.yml: {name}: {part} is missing"


def findings(root):
    alerts, queries = list(rules(root)), list(saved_queries(root))
    lines = yaml.safe_load((HERE / "lines.yml").read_text(encoding="utf-8"))
    found = grammar_findings([{"file": each.file, "line": each.line, "name": each.name, "text": each.text}
                              for each in alerts + queries])
    for each in alerts:
        found += [f"{each.file}:{each.line}: {each.name}: {what}" for what in rule_findings(root, each)]
    found += name_findings(root)
    found += line_findings({each.name for each in alerts}, lines)
    # What is not understood is not evaluated.
    return len(alerts + queries), found or case_findings(alerts, lines)


def main():
    count, found = findings(Path(sys.argv[1]).resolve() if len(sys.argv) > 1 else ROOT)
    print("\n".join([*found, f"logql: {count} expressions, {len(found)} findings"]))
    return 1 if found or count == 0 else 0


if __name__ == "__main__":
    sys.exit(main())
