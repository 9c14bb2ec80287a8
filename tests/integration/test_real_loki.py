"""A real Loki takes every rule and every saved query, and the rules fire at the lines they are for.

PAWS_LOKI_URL names it (its base; PAWS_LOKI_TENANT a tenant). Lines are pushed there under a host of
their own, so any test instance will do. It needs structured metadata.
"""

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
from polling import wait_for

LOGQL = project.SOURCE / "tests/logql"
sys.path.insert(0, str(LOGQL))

from cases import LABELS, examples  # noqa: E402
from expressions import rules, saved_queries  # noqa: E402

URL = os.environ.get("PAWS_LOKI_URL", "").rstrip("/")
pytestmark = pytest.mark.skipif(not URL, reason="PAWS_LOKI_URL names no Loki to try the queries on")

RULES = list(rules(project.SOURCE))
QUERIES = list(saved_queries(project.SOURCE))
ENOUGH = 6  # of each line: more than any rule counts up to
HOST = f"paws-test-{os.getpid()}-{int(time.time())}"


def ask(path, body=None, **parameters):
    """The status and the body of Loki's answer."""
    url = f"{URL}/loki/api/v1/{path}?{urllib.parse.urlencode(parameters)}"
    request = urllib.request.Request(url, data=body, headers={"Content-Type": "application/json"})
    if os.environ.get("PAWS_LOKI_TENANT"):
        request.add_header("X-Scope-OrgID", os.environ["PAWS_LOKI_TENANT"])
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


@pytest.mark.parametrize("each", RULES + QUERIES, ids=lambda each: f"{each.file}:{each.line}")
def test_it_is_understood(each):
    status, answer = run(each.text)
    assert status == 200, f"{each.file}:{each.line}: {answer}\n{each.text}"


@pytest.mark.parametrize("each", RULES, ids=lambda each: each.name)
def test_a_rule_fires_at_its_lines(each, lines):
    status, answer = run(each.text)
    assert status == 200, answer
    hosts = [series["metric"].get("host") for series in json.loads(answer)["data"]["result"]]
    assert HOST in hosts, answer
