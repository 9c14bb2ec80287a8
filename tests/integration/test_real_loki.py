"""A real Loki takes every rule and every saved query, the rules fire at the lines they are for, and
what the agent ships is there once.

PAWS_LOKI_URL names it (its base; PAWS_LOKI_TENANT a tenant). Lines are pushed there under a host of
their own, so any test instance will do. It needs structured metadata.
"""

import collections
import json
import os
import sys
import time
import urllib.error
import urllib.parse
import urllib.request

import pytest
import yaml

import project
from fake_loki import FakeLoki
from log_ledger_check import ShippingAgent, shipping, wait_for_count
from polling import wait_for

LOGQL = project.SOURCE / "tests/logql"
sys.path.insert(0, str(LOGQL))

from cases import LABELS, examples  # noqa: E402
from expressions import rules, saved_queries  # noqa: E402

URL = os.environ.get("PAWS_LOKI_URL", "").rstrip("/")
TENANT = os.environ.get("PAWS_LOKI_TENANT", "")
needs_loki = pytest.mark.skipif(not URL, reason="PAWS_LOKI_URL names no Loki to try this on")

RULES = list(rules(project.SOURCE))
QUERIES = list(saved_queries(project.SOURCE))
ENOUGH = 6  # of each line: more than any rule counts up to
SHIPPED, PAGE = 5000, 1000
APART = 100  # microseconds from line to line
HOST = f"paws-test-{os.getpid()}-{int(time.time())}"


def ask(path, body=None, base=URL, **parameters):
    """The status and the body of Loki's answer."""
    url = f"{base}/loki/api/v1/{path}?{urllib.parse.urlencode(parameters)}"
    request = urllib.request.Request(url, data=body, headers={"Content-Type": "application/json"})
    if TENANT:
        request.add_header("X-Scope-OrgID", TENANT)
    try:
        with urllib.request.urlopen(request, timeout=30) as answer:
            return answer.status, answer.read().decode()
    except urllib.error.HTTPError as refusal:
        return refusal.code, refusal.read().decode()


def is_metric(text):
    return not text.lstrip().startswith("{")


def run(text):
    if is_metric(text):
        return ask("query", query=text)
    now = time.time_ns()
    return ask("query_range", query=text, start=now - 3600 * 10**9, end=now, limit=10)


def streams(lines):
    """Each line ENOUGH times, a moment apart: Loki keeps the same line at the same time once."""
    now = time.time_ns() - 10**9
    for line in lines:
        metadata = {name: value for name, value in line.items() if value and name not in (*LABELS, "line")}
        labels = {name: line[name] for name in LABELS if line.get(name)} | {"host": HOST, "environment": "test"}
        yield {"stream": labels,
               "values": [[str(now + copy), line["line"], metadata] for copy in range(ENOUGH)]}


@pytest.fixture(scope="module")
def lines():
    """All lines that rules are for, pushed and found again."""
    known = yaml.safe_load((LOGQL / "lines.yml").read_text(encoding="utf-8"))
    pushed = [stream for each in known.values() for stream in streams(examples(each)["fires"])]
    for stream in pushed:
        status, answer = ask("push", json.dumps({"streams": [stream]}).encode())
        assert status == 204, answer
    count = f'count(count by (job, unit, runner, level) (count_over_time({{host="{HOST}"}}[10m])))'
    expected = len({tuple(sorted(stream["stream"].items())) for stream in pushed})

    def all_there():
        found = json.loads(ask("query", query=count)[1])["data"]["result"]
        return found and int(found[0]["value"][1]) == expected

    wait_for(all_there, 60, "Loki gives back what was pushed", every=0.5)


@needs_loki
@pytest.mark.parametrize("each", RULES + QUERIES, ids=lambda each: f"{each.file}:{each.line}")
def test_it_is_understood(each):
    status, answer = run(each.text)
    assert status == 200, f"{each.file}:{each.line}: {answer}\n{each.text}"


@needs_loki
@pytest.mark.parametrize("each", RULES, ids=lambda each: each.name)
def test_a_rule_fires_at_its_lines(each, lines):
    status, answer = run(each.text)
    assert status == 200, answer
    hosts = [series["metric"].get("host") for series in json.loads(answer)["data"]["result"]]
    assert HOST in hosts, answer


@pytest.fixture(params=["the double", pytest.param("a real one", marks=needs_loki)])
def loki_url(request):
    if request.param == "a real one":
        yield URL
        return
    with FakeLoki() as loki:
        yield loki.url


def found_lines(url, start, end):
    """(time, line, pid, identifier) of each line of ours that Loki gives back, page by page."""
    found = collections.Counter()
    page = PAGE * APART * 1000
    for at in range(start, end, page):
        status, answer = ask("query_range", base=url, query=f'{{paws_test="{HOST}"}}', start=at,
                             end=min(at + page, end), limit=2 * PAGE, direction="forward")
        assert status == 200, answer
        for stream in json.loads(answer)["data"]["result"]:
            beside = stream["stream"].get("pid"), stream["stream"].get("identifier")
            found.update((int(time), line, *beside) for time, line in stream["values"])
    return found


class Numbered:
    """Lines in a journal, each at a time of its own, and what Loki has to hold of them."""

    def __init__(self, feed):
        self.expected = collections.Counter()
        self._feed, self._began = feed, time.time_ns() // 1000

    def write(self, count):
        for _ in range(count):
            number = len(self.expected)
            at, line, pid = self._began + number * APART, f"line {number}", str(100 + number % 7)
            self._feed.write(line, __REALTIME_TIMESTAMP=str(at), _SYSTEMD_UNIT="load.service", _PID=pid,
                             SYSLOG_IDENTIFIER="load")
            self.expected[at * 1000, line, pid, "load"] += 1

    def found(self, url):
        return found_lines(url, self._began * 1000, (self._began + SHIPPED * APART) * 1000)


def test_what_the_agent_ships_is_there_once(feed, loki_url):
    settings = {"labels": f'{{ paws_test = "{HOST}" }}', "tenant": f'"{TENANT}"', "batch_lines": 700}
    with ShippingAgent(shipping(feed, loki_url, **settings)) as agent:
        lines = Numbered(feed)
        lines.write(SHIPPED // 2)
        wait_for(lambda: lines.found(loki_url), 60, "some are there")
        agent.kill()
        lines.write(SHIPPED - SHIPPED // 2)
        agent.start()
        wait_for_count(agent, SHIPPED, "entries_sent_total", 120)
    assert lines.found(loki_url) == lines.expected
    # One that knows of no place sends all again: same time, same text, the same line.
    with ShippingAgent(shipping(feed, loki_url, start='"beginning"', **settings)) as again:
        wait_for_count(again, SHIPPED, "entries_sent_total", 120)
    assert lines.found(loki_url) == lines.expected
