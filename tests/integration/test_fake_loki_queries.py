"""What the double of Loki answers besides pushes, and to whom: authorization, tenants, and the
queries of a canary."""

import json
import time

import pytest

from fake_loki import FakeLoki
from loki_push import LokiPush

NOW = time.time_ns() - 10 ** 9
JOB = '{job="test"}'


@pytest.fixture
def loki():
    with FakeLoki() as loki:
        yield loki
        assert loki.malformed == []


@pytest.fixture
def push(loki):
    with LokiPush(loki.port) as push:
        yield push


def test_authorization_by_a_proxy(loki, push):
    for given, wanted in (("token", "Bearer secret"), ("basic", "Basic dTpw")):
        loki.api.token = "secret" if given == "token" else ""
        loki.api.basic = ("u", "p") if given == "basic" else None
        answered = push.line("x", NOW)
        assert answered.status == 401 and answered.headers["WWW-Authenticate"].startswith(
            wanted.split()[0])
        assert push.send(b"", Authorization=wanted[:-1]).status == 401
        assert push.put((JOB, [(NOW, given)]), Authorization=wanted).status == 204
    assert [row.line for row in loki.held()] == ["token", "basic"]


def test_tenants_are_apart(loki, push):
    loki.api.auth_enabled = True
    answered = push.line("x", NOW)
    assert (answered.status, answered.text) == (401, "no org id\n")
    for tenant in ("one", "two"):
        assert push.put((JOB, [(NOW, "x")]), X_Scope_OrgID=tenant).status == 204
    assert [row.tenant for row in loki.held()] == ["one", "two"]
    assert push.ask("GET", "/ready").status == 200
    answered = push.ask("GET", "/loki/api/v1/labels", headers={"X-Scope-OrgID": "three"})
    assert json.loads(answered.text) == {"status": "success"}


def test_ready_version_and_what_is_not_there(loki, push):
    assert push.ask("GET", "/ready").text == "ready\n"
    loki.api.ready = False
    assert push.ask("GET", "/ready").status == 503
    info = "/loki/api/v1/status/buildinfo"
    assert json.loads(push.ask("GET", info).text)["version"] == "3.1.0"
    loki.api.version = ""
    assert push.ask("GET", info).status == push.ask("GET", "/metrics").status == 404
    assert push.ask("GET", "/loki/api/v1/push").status == 405


def test_what_is_stored_is_found(loki, push):
    lines = [(NOW + n, f"line {n}", {"n": str(n % 2)}) for n in range(4)]
    push.put(('{job="a", host="h1"}', lines), ('{job="b", host="h1"}', [(NOW + 1, "other")]))
    span = {"start": NOW, "end": NOW + 4}
    assert push.query('{job="a"}', limit=3, direction="forward", **span) == [
        {"stream": {"host": "h1", "job": "a", "n": "0"},
         "values": [[str(NOW), "line 0"], [str(NOW + 2), "line 2"]]},
        {"stream": {"host": "h1", "job": "a", "n": "1"}, "values": [[str(NOW + 1), "line 1"]]}]
    loki.api.version = "2.8.4"  # it does not show metadata; newest first
    assert push.query('{host="h1", job=~"a|c"} |= "line"', **{**span, "end": NOW + 3}) == [
        {"stream": {"host": "h1", "job": "a"},
         "values": [[str(NOW + n), f"line {n}"] for n in (2, 1, 0)]}]
    assert push.query('{job=~".+"} |= `other`', **span)[0]["values"] == [[str(NOW + 1), "other"]]
    assert push.query('{job="c"}', **span) == []
    for path, data in (("labels", ["host", "job"]), ("label/job/values", ["a", "b"])):
        assert json.loads(push.ask("GET", f"/loki/api/v1/{path}").text)["data"] == data


@pytest.mark.parametrize("asked, text", [
    ("query={job=~%22.*%22}", "queries require at least one regexp or equality matcher"),
    ("query={job=", "parse error"), ("query={job%3D~%22(%22}", "error parsing regexp"),
    ("query={a%3D%22b%22}&limit=5001", "max entries limit per query exceeded"),
    ("query={a%3D%22b%22}&start=then", "strconv.ParseInt"),
    ("query={a%3D%22b%22}&direction=up", "invalid direction"),
])
def test_queries_that_are_refused(push, asked, text):
    answered = push.ask("GET", f"/loki/api/v1/query_range?{asked}")
    assert answered.status == 400 and text in answered.text
