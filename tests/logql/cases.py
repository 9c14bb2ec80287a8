"""Cases: what each rule makes of lines at their times, held against lines.yml.

A rule counts, so each of its lines comes as often as is enough and at the ages that are given. The
alert of the first one is compared whole, with its labels and annotations.
"""

import json
import re
import subprocess
from pathlib import Path

HERE = Path(__file__).resolve().parent
MODULES = HERE.parents[1] / "build/cache/logql"
LABELS = json.loads((HERE / "names.json").read_text(encoding="utf-8"))["labels"]
METADATA = json.loads((HERE / "names.json").read_text(encoding="utf-8"))["metadata"]
NEEDED = ("fires", "quiet", "ago", "alert")

ACTION = re.compile(r"\{\{(.*?)\}\}")
LABEL = re.compile(r'(?P<or>or )?\$labels\.(?P<name>\w+)(?(or) "(?P<otherwise>[^"]*)")')
SECONDS = {"h": 3600, "m": 60, "s": 1}


def run_node(script, asked):
    """What a script of ours makes of JSON, and what it complains of."""
    return subprocess.run(["node", HERE / script, MODULES], input=json.dumps(asked), text=True,
                          capture_output=True, check=False)


def evaluate(asked):
    """For each {text, rows} its {series} or its {error}: evaluate.mjs."""
    run = run_node("evaluate.mjs", asked)
    assert run.returncode == 0, run.stderr
    return json.loads(run.stdout)


class Unrenderable(Exception):
    pass


def rendered(template, series):
    """A Go template of a rule, as far as ours need it. Its labels are those of the series."""
    def value_of(action):
        what = action[1].strip()
        if what == "$value":
            return f"{series['value']:g}"
        label = LABEL.fullmatch(what)
        if not label:
            raise Unrenderable(f"no template that is known here: {action[0]}")
        value = series["labels"].get(label["name"]) or label["otherwise"]
        if value is None:
            raise Unrenderable(f"{action[0]} says nothing")
        return value

    return ACTION.sub(value_of, template)


def alert(rule, series):
    """The alert that a rule raises of one series."""
    own = {name: rendered(text, series) for name, text in rule["labels"].items()}
    notes = {name: rendered(text, series) for name, text in rule["annotations"].items()}
    return {"labels": {**series["labels"], **own}, "annotations": notes}


def examples(lines):
    """Lines with what they have in common: {common: {...}, fires: [...], quiet: [...]}."""
    common = {"host": "build-host", "environment": "production", "level": "info", **lines.get("common", {})}
    return {kind: [{**common, **(line if isinstance(line, dict) else {"line": line})}
                   for line in lines.get(kind, [])] for kind in ("fires", "quiet")}


def seconds(text):
    parts = re.findall(r"(\d+)([hms])", text)
    assert "".join(map("".join, parts)) == text, f"{text} is no duration"
    return sum(int(count) * SECONDS[unit] for count, unit in parts)


def rows(line, ages):
    """A line at each of these ages, as Loki holds it."""
    named = {name: value for name, value in line.items() if value and name != "line"}
    labels = {name: value for name, value in named.items() if name in LABELS}
    metadata = {name: value for name, value in named.items() if name not in LABELS}
    assert set(metadata) <= set(METADATA), f"neither labels nor metadata: {metadata}"
    return [{"labels": labels, "metadata": metadata, "line": line["line"], "ago": seconds(age)}
            for age in ages]


def cases_of(lines):
    """(rows, how many series they make, what is wrong otherwise); the first is that of the alert."""
    known, ages = examples(lines), lines["ago"]
    enough, first = ages["enough"], known["fires"][0]
    for kind, count, wrong in (("fires", 1, "does not see"), ("quiet", 0, "wrongly sees")):
        for line in known[kind]:
            yield rows(line, enough), count, f"{wrong}: {line['line']}"
    yield rows(first, enough[1:]), 0, f"fires at too few: {enough[1:]}"
    yield rows(first, ages["spread"]), 0, f"fires at what is too far apart: {ages['spread']}"


def alert_findings(rule, wanted, series):
    """`wanted`: the labels of the alert, and its annotations as far as they are no plain text."""
    try:
        seen = alert(rule, series)
    except Unrenderable as problem:
        return [str(problem)]
    told = {name: text for name, text in rule["annotations"].items() if "{{" in text}
    labels = {name: value for name, value in wanted.items() if name not in rule["annotations"]}
    pairs = [("labels are", labels, seen["labels"]),
             *((f"{name} is", wanted.get(name), seen["annotations"][name]) for name in told)]
    return [f"its alert's {what} {found}, not {right}" for what, right, found in pairs if right != found]


def answer_findings(rule, wanted, case, answer):
    _, count, wrong = case
    if "error" in answer:
        return [answer["error"]]
    if len(answer["series"]) != count:
        return [wrong]
    return alert_findings(rule, wanted, answer["series"][0]) if wanted else []


def case_findings(rules, lines):
    asked = [(each, case, lines[each.name]["alert"] if at == 0 else None)
             for each in rules for at, case in enumerate(cases_of(lines[each.name]))]
    answers = evaluate([{"text": each.text, "rows": case[0]} for each, case, _ in asked])
    found = [f"{each.file}:{each.line}: {each.name}: {what}"
             for (each, case, wanted), answer in zip(asked, answers)
             for what in answer_findings(each.rule, wanted, case, answer)]
    return list(dict.fromkeys(found))
