"""The rules for Loki over what the agent ships. tests/logql/lines.yml says what lines rules are for
and what Loki holds of them: here each goes through a journal or a trace, the agent and the double
of Loki, is held as it stands there, and the rules fire at it.
"""

import collections
import os
import re
import sys
import time
from contextlib import ExitStack
from dataclasses import dataclass

import pytest
import yaml

import project
from fake_loki import FakeLoki
from fake_loki_labels import parse_labels
from journal_feed import JournalFeed
from local_runner import LocalRunner
from log_ledger_check import ShippingAgent, kept, shipping
from polling import wait_for
from recurring import RUNNER

LOGQL = project.SOURCE / "tests/logql"
sys.path.insert(0, str(LOGQL))

import cases  # noqa: E402
import expressions  # noqa: E402

RULES = {each.name: each for each in expressions.rules(project.SOURCE)}
KNOWN = yaml.safe_load((LOGQL / "lines.yml").read_text(encoding="utf-8"))
HOST = os.uname().nodename
FILE = "Runner_20260102-030405-utc.log"
STAMP = re.compile(r"^\[\d{4}-\d\d-\d\d \d\d:\d\d:\d\dZ ")
SUFFIX = re.compile(r"( (pid|identifier|file|component)=\S+)+$")
DEPLOYMENTS = ("deploy", "smoke test")  # jobs of a workflow
CROWD = 400  # streams of runners that have labels of their own: 200 runners, each with its trace


@dataclass
class Spoken:
    rule: str
    kind: str     # fires or quiet
    written: dict
    held: dict    # what is said of it in lines.yml


def known_lines():
    """(rule, kind, line), each as often as its rule counts."""
    for name, known in KNOWN.items():
        for kind, lines in cases.examples(known).items():
            for line in lines:
                yield from [(name, kind, {**line, "host": HOST})] * len(known["ago"]["enough"])


def is_structured(line):
    return any(line.get(name) for name in cases.METADATA)


def before_loki(line):
    """A line without structured metadata has it at its end."""
    if is_structured(line):
        return line
    suffix = SUFFIX.search(line["line"])
    fields = dict(field.split("=", 1) for field in suffix[0].split())
    return {**line, **fields, "line": line["line"][:suffix.start()]}


def journal_fields(line):
    """What journald notes of who wrote it."""
    unit, fields = line.get("full_unit") or line["unit"], {"SYSLOG_IDENTIFIER": line["identifier"]}
    if unit == "kernel":
        return {**fields, "_TRANSPORT": "kernel"}
    if line["pid"] == "1":
        return {**fields, "_TRANSPORT": "journal", "_SYSTEMD_UNIT": "init.scope", "UNIT": unit,
                "_PID": line["pid"]}
    transport = "driver" if line["identifier"] == "systemd-journald" else "stdout"
    return {**fields, "_TRANSPORT": transport, "_SYSTEMD_UNIT": unit, "_PID": line["pid"]}


class Journey:
    """The agent between a journal, a runner that is laid out, and a Loki."""

    def __init__(self, directory, loki_version):
        self._directory, self._version = directory, loki_version
        self._records = 0
        self.first = []  # what Loki held before there were jobs

    def __enter__(self):
        with ExitStack() as stack:
            enter = stack.enter_context
            self.loki = enter(FakeLoki(version=self._version))
            self.feed = enter(JournalFeed(self._directory / "journal"))
            self.runner = enter(LocalRunner(self._directory / "runner", self.feed))
            self.agent = enter(ShippingAgent(shipping(self.feed, self.loki.url) + RUNNER.format(
                name=self.runner.name, root=self.runner.root, unit=self.runner.unit)))
            wait_for(lambda: kept(self.agent, "SELECT 1 FROM log_traces"), 30, "it has looked for traces")
            self._stack = stack.pop_all()
        self._began = time.time()
        self.file = time.strftime("Runner_%Y%m%d-%H%M%S-utc.log", time.gmtime(self._began + 2))
        return self

    def __exit__(self, *_):
        self._stack.close()

    def say(self, rule, kind, line):
        """Writes one line of lines.yml. Traces tell seconds: each record gets one of its own."""
        if line["job"] == "runner-diag":
            self._records += 1
            stamp = time.strftime("[%Y-%m-%d %H:%M:%SZ ", time.gmtime(self._began - 120 + self._records))
            line = {name: STAMP.sub(stamp, text).replace(FILE, self.file) for name, text in line.items()}
        written = before_loki(line)
        if line["job"] == "runner-diag":
            self.trace(self.runner.root, written["line"])
        else:
            self.feed.write(written["line"], **journal_fields(written))
        return Spoken(rule, kind, written, line)

    def trace(self, root, record):
        with open(root / "_diag" / self.file, "a", encoding="utf-8") as file:
            file.write(record + "\n")

    def run_deployments(self):
        """Jobs of a workflow that deploys, until one of each is told of with its workflow."""
        self.runner.start(FAKE_WORKFLOW="Deploy to production")
        wait_for(lambda: self.agent.metrics().state(self.runner.name) == "idle", 60, "idle")
        for name in DEPLOYMENTS:
            for turn in range(1, 6):
                self.runner.tell(f"job {name} 2 Failed")
                wait_for(lambda: len(self.ends_of(name)) >= turn, 60, f"{name} is over")
                if self.ends_of(name)[-1]["metadata"].get("workflow"):
                    break
        self.runner.kill()

    def ends_of(self, job):
        """What its listener said."""
        return [row for row in self.rows()[len(self.first):] if row["labels"]["job"] == "journal"
                and row["line"].endswith(f": Job {job} completed with result: Failed")]

    def rows(self):
        return [{"labels": dict(parse_labels(row.labels)), "metadata": row.metadata, "line": row.line,
                 "at": row.timestamp} for row in self.loki.held()]


def is_of_job(line):
    return bool(line.get("job_name"))


@pytest.fixture(scope="module")
def structured(tmp_path_factory):
    """A Loki that takes structured metadata: the lines but those of jobs, then jobs."""
    with Journey(tmp_path_factory.mktemp("structured"), "3.1.0") as journey:
        journey.spoken = [journey.say(*known) for known in known_lines()
                          if is_structured(known[2]) and not is_of_job(known[2])]
        journey.loki.wait_for_lines(len(journey.spoken), 60)
        journey.first = journey.rows()
        journey.run_deployments()
        journey.ends = [row for name in DEPLOYMENTS for row in journey.ends_of(name)]
        yield journey


def key_of(labels, metadata, line):
    """The level of a line of a journal is that of its words: lines.yml has none."""
    levels = labels["job"] == "runner-diag"
    return line, tuple((name, value) for name, value in sorted({**labels, **metadata}.items())
                       if name != "level" or levels)


def said_of(line):
    row, = cases.rows(line, ["0s"])
    return key_of(row["labels"], row["metadata"], row["line"])


def compare(spoken, rows):
    said = collections.Counter(said_of(one.held) for one in spoken)
    held = collections.Counter(key_of(row["labels"], row["metadata"], row["line"]) for row in rows)
    assert sorted(map(str, said - held)) == sorted(map(str, held - said)), "said so, and held so"


def evaluate(rule, rows):
    newest = max(row["at"] for row in rows)
    aged = [{**row, "ago": (newest - row["at"]) / 1e9} for row in rows]
    answer, = cases.evaluate([{"text": rule.text, "rows": aged}])
    return answer["series"]


def test_each_line_is_held_as_it_is_said(structured):
    compare(structured.spoken, structured.first)


def test_without_structured_metadata_too(tmp_path):
    with Journey(tmp_path, "2.8.4") as journey:
        spoken = [journey.say(*known) for known in known_lines() if not is_structured(known[2])]
        journey.loki.wait_for_lines(len(spoken), 60)
        compare(spoken, journey.rows())
        for one in spoken:
            assert evaluate(RULES[one.rule], journey.rows()), one


@pytest.mark.parametrize("name", RULES)
def test_a_rule_fires(structured, name):
    rule, raised = RULES[name].rule, KNOWN[name]["alert"]
    wanted = {label: value for label, value in raised.items() if label not in rule["annotations"]}
    of_job = is_of_job(cases.examples(KNOWN[name])["fires"][0])
    rows = structured.ends if of_job else structured.first
    alerts = [cases.alert(rule, series)["labels"] for series in evaluate(RULES[name], rows)]
    # Which run it was is not for us to say.
    assert {**wanted, "host": HOST, "run_id": ""} in [{**labels, "run_id": ""} for labels in alerts], alerts


@pytest.mark.parametrize("name", sorted(set(RULES) - {"DeployJobFailed (workflow)"}))  # of jobs alone
def test_a_rule_is_quiet_at_look_alikes(structured, name):
    alike = {said_of(one.held) for one in structured.spoken if (one.rule, one.kind) == (name, "quiet")}
    rows = [row for row in structured.first if key_of(row["labels"], row["metadata"], row["line"]) in alike]
    assert rows and evaluate(RULES[name], rows) == []


def has(journey, metadata):
    return any(metadata in row["metadata"] for row in journey.rows())


def add_runner(journey, root):
    """One with a trace, after all the others."""
    (root / "_diag").mkdir()
    config = journey.agent.drop_in
    config.write_text(config.read_text() + RUNNER.format(name="late", root=root, unit="late.service"))
    journey.agent.reload()
    journey.trace(root, time.strftime("[%Y-%m-%d %H:%M:%SZ INFO Listener] ", time.gmtime()) + "late")


def test_the_check_knows_what_the_agent_writes_and_nothing_else(structured, tmp_path):
    feed = structured.feed
    for priority in "27":
        feed.write("grave or not", PRIORITY=priority, _SYSTEMD_UNIT="load.service")
    feed.write("x" * (250 << 10), _SYSTEMD_UNIT="load.service")
    wait_for(lambda: has(structured, "part"), 30, "the long line")
    feed.write("half an hour late", at=time.time() - 2400, _SYSTEMD_UNIT="load.service")
    for number in range(CROWD):
        feed.write("one of many", _SYSTEMD_UNIT=f"actions.runner.many.r{number}.service")
    wait_for(lambda: any(row["labels"].get("unit") == "other" for row in structured.rows()), 30, "the crowd")
    add_runner(structured, tmp_path)
    assert structured.agent.pawsctl("logs", "test").returncode == 0
    for name in ("full_runner", "original_time"):
        wait_for(lambda: has(structured, name), 30, name)
    rows = structured.rows()
    assert {name for row in rows for name in row["metadata"]} == set(cases.METADATA)
    assert {name for row in rows for name in row["labels"]} == set(cases.LABELS)
    for name, values in cases.LABELS.items():
        assert values is None or {row["labels"][name] for row in rows} == set(values)


def test_no_other_metadata_is_in_the_sources():
    text = "".join(file.read_text(encoding="utf-8") for file in (project.SOURCE / "forwarder").glob("*.cpp"))
    named = set(re.findall(r'\b\w+\.add\(\s*"(\w+)"', text)) | {"original_time"}
    assert named == set(cases.METADATA)
