"""What is shipped in LogQL is right, and the check that says so sees what is not."""

import re
import shutil

import pytest
import yaml

import cases
import check
import expressions
import project

RULES = "alerts/loki/runner-logs.rules.yml"
QUERIES = "docs/log-queries.md"


@pytest.fixture
def tree(tmp_path):
    for folder in ("alerts", "docs", "runbooks"):
        shutil.copytree(project.SOURCE / folder, tmp_path / folder)
    return tmp_path


def test_what_is_shipped_is_right():
    count, found = check.findings(project.SOURCE)
    assert found == []
    assert count > 40  # rules and saved queries were found at all


BROKEN = {
    "a bracket that does not close": (RULES, "[20m])) >= 3", "[20m]) >= 3", "not LogQL"),
    "a duration that is none": (RULES, "[20m]", "[20minutes]", "not LogQL"),
    "an unknown label": (RULES, '{job="journal", runner!=""}', '{job="journal", runer!=""}', "runer is no label"),
    "an unknown job": (RULES, '{job="journal", runner!=""}', '{job="journald", runner!=""}',
                       'job is never "journald"'),
    "unknown metadata": (RULES, "| component=~`(JobDispatcher)?`", "| componnent=~`(JobDispatcher)?`",
                         "componnent is neither"),
    "a label that nothing has": (RULES, "sum by (environment, host, runner)", "sum by (environment, hosts, runner)",
                                 "nothing has hosts"),
    "a pattern that RE2 does not know": (RULES, "`^A session for", "`^(?=A)A session for", "RE2"),
    "a pattern that does not compile": (RULES, "`^A session for", "`^(A session for", "`^(A session for"),
    "a string with a wrong escape": (RULES, "`^A session for this runner already exists\\.`",
                                     '"^A session for this runner already exists\\."', "escape"),
    "a rule that misses its lines": (RULES, "An error occurr?ed", "An error occurred",
                                     "does not see: An error occured"),
    "a rule that sees too much": (RULES, "!= `Runner connect error: Error: Conflict`", "!= `Nothing`", "wrongly sees"),
    "a rule without severity": (RULES, "severity: critical", "gravity: critical", "severity is None"),
    "a rule without a summary": (RULES, "          summary: GitHub refuses runner", "          sumary: GitHub refuses runner",
                                 "has no summary"),
    "a runbook that is not there": (RULES, "runbooks/RunnerClockSkew.md", "runbooks/RunnerClock.md",
                                    "its runbook is no file"),
    "an annotation of a label that is gone": (RULES, "sum by (environment, host, runner)", "sum by (environment, host)",
                                              "speaks of the label runner"),
    "an alert's name twice": (RULES, "alert: RunnerClockSkew", "alert: AgentDown", "name is taken"),
    "a rule that no line was thought of for": (RULES, "alert: RunnerClockSkew", "alert: RunnerClock",
                                               "no lines to fire at"),
    "a thousand times the threshold": (RULES, "[20m])) >= 3", "[20m])) >= 3000", "RunnerConnectErrors: does not see"),
    "a threshold that is too low": (RULES, "[20m])) >= 3", "[20m])) > 1", "RunnerConnectErrors: fires at too few"),
    "a tenth of the window": (RULES, "[20m]", "[2m]", "RunnerConnectErrors: does not see"),
    "a window that is too wide": (RULES, "[20m]", "[21m]", "RunnerConnectErrors: fires at what is too far apart"),
    "a grouping label less": (RULES, "sum by (environment, host, victim)", "sum by (host, victim)",
                              "OOMKillLogged (runner): its alert's labels are"),
    "another severity": (RULES, "severity: critical", "severity: warning", "its alert's labels are"),
    "an annotation that says something else": (RULES, "cannot keep its connection", "keeps its connection",
                                               "its alert's summary is"),
    "an annotation of a label of the rule": (RULES, "$labels.victim", "$labels.cause", "speaks of the label cause"),
    "an annotation with a template of another kind": (RULES, "{{ $value }}", "{{ printf `%d` $value }}",
                                                      "no template that is known here"),
    "what the evaluator does not know": (RULES, "[20m]))", "[20m] offset 5m))", "the evaluator does not know"),
    "a selector that takes everything": (QUERIES, '{job="journal"} | run_id', '{runner!=""} | run_id',
                                         "selects every stream"),
    "a broken saved query": (QUERIES, '{job="journal"', '{job=journal"', "not LogQL"),
    "an unknown label in a saved query": (QUERIES, '{job="journal", runner=', '{job="journal", runners=',
                                          "runners is no label"),
}


@pytest.mark.parametrize("what", BROKEN)
def test_it_sees(tree, what):
    file, right, wrong, finding = BROKEN[what]
    text = (tree / file).read_text(encoding="utf-8")
    assert right in text
    (tree / file).write_text(text.replace(right, wrong, 1), encoding="utf-8")
    found = check.findings(tree)[1]
    assert any(finding in line for line in found), found


# Of every rule.
CHANGES = {
    "a thousand times the threshold": lambda text: re.sub(
        r"(\]\)\) >=?) (\d+)$", lambda found: f"{found[1]} {max(1, int(found[2])) * 1000}", text, flags=re.M),
    "a tenth of the window": lambda text: re.sub(r"\[(\d+)m\]", lambda found: f"[{int(found[1]) * 6}s]", text),
    "ten times the window": lambda text: re.sub(r"\[(\d+)m\]", r"[\g<1>0m]", text),
    "the first grouping label less": lambda text: text.replace("sum by (environment, ", "sum by ("),
    "the last grouping label less": lambda text: re.sub(r"(sum by \(.*), \w+\)", r"\1)", text),
    "another grouping label": lambda text: re.sub(r"(sum by \(.*)\)", r"\1, level)", text),
}


@pytest.mark.parametrize("what", CHANGES)
def test_in_each_rule_it_sees(tree, what):
    file = tree / RULES
    file.write_text(CHANGES[what](file.read_text(encoding="utf-8")), encoding="utf-8")
    alerts = list(expressions.rules(tree))
    lines = yaml.safe_load((check.HERE / "lines.yml").read_text(encoding="utf-8"))
    found = cases.case_findings(alerts, lines)
    for each in alerts:
        assert any(f": {each.name}: " in line for line in found), each.text


def test_templates_are_rendered_as_they_are_for_an_alert():
    series = {"labels": {"host": "one"}, "value": 3}
    told = cases.rendered('{{ $value }} of {{ or $labels.unit "the kernel" }} on {{ or $labels.host "x" }}', series)
    assert told == "3 of the kernel on one"
    with pytest.raises(cases.Unrenderable):
        cases.rendered("{{ $labels.unit }}", series)


def test_each_label_and_all_metadata_are_documented():
    told = (project.SOURCE / "docs/logs.md").read_text(encoding="utf-8")
    assert [name for name in [*cases.LABELS, *cases.METADATA] if f"`{name}`" not in told] == []


def test_a_finding_tells_file_line_and_place(tree):
    text = (tree / RULES).read_text(encoding="utf-8")
    (tree / RULES).write_text(text.replace('runner!=""', "runner!", 1), encoding="utf-8")
    line = next(number for number, row in enumerate(text.splitlines(), 1) if 'runner!=""' in row)
    found = check.findings(tree)[1]
    assert found[0].startswith(f"{RULES}:{line}:"), found
    assert "RunnerConnectErrors: not LogQL" in found[0]
