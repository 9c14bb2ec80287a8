"""How the double of Loki fails: each fault looks to a client as the real one does, and is over when
it should be."""

import email.utils
import http.client
import json
import signal
import socket
import ssl
import subprocess
import sys
import threading
import time
from pathlib import Path

import pytest

import project
from fake_loki import FakeLoki
from fake_loki_faults import KINDS, Fault, Faults
from http_server import TestAuthority
from loki_push import LokiPush
from polling import wait_for

NO_ANSWER = (http.client.HTTPException, OSError)


@pytest.fixture
def loki():
    with FakeLoki() as loki:
        yield loki
        loki.recover()
        assert loki.malformed == []


@pytest.fixture
def push(loki):
    with LokiPush(loki.port) as push:
        yield push


def texts(loki):
    return [row.line for row in loki.held()]


def fails(push, text="x"):
    with pytest.raises(NO_ANSWER) as caught:
        push.line(text)
    return caught.value


@pytest.mark.parametrize("status", [400, 401, 403, 404, 429, 500, 502, 503, 504])
def test_it_answers_with_a_status_so_many_times(loki, push, status):
    loki.fail(Fault(status=status, count=2, body="<html>no</html>"))
    assert [push.line("x").status for _ in range(3)] == [status, status, 204]
    assert texts(loki) == ["x"] and loki.connections == 1
    assert loki.counts.by_status == {status: 2, 204: 1}


def test_a_fault_lasts_as_long_as_it_is_told_to(loki, push):
    loki.fail(Fault(status=429, seconds=3))
    loki.fail(Fault(status=503))
    assert push.line("x").status == 429
    wait_for(lambda: push.line("x").status == 503, 30, "the first is over")
    loki.recover()
    assert push.line("x").status == 204


def test_a_fault_may_be_for_some_targets_only(loki, push):
    loki.fail(Fault(status=503, only="/push"))
    assert push.line("x").status == 503 and push.ask("GET", "/ready").status == 200


def test_retry_after_in_seconds_as_a_date_or_not_at_all(loki, push):
    for retry_after in ("", "7", "date:90"):
        loki.fail(Fault(status=429, retry_after=retry_after, count=1))
    assert push.line("x").headers["Retry-After"] is None
    assert push.line("x").headers["Retry-After"] == "7"
    before = time.time()
    due = email.utils.parsedate_to_datetime(push.line("x").headers["Retry-After"])
    assert before + 89 <= due.timestamp() <= time.time() + 90


def test_it_answers_with_a_redirect(loki, push):
    loki.fail(Fault("redirect", location="http://elsewhere/", count=1))
    answered = push.line("x")
    assert (answered.status, answered.headers["Location"]) == (307, "http://elsewhere/")
    assert loki.held() == []


@pytest.mark.parametrize("kind, stored", [
    ("hangup", False), ("close", False), ("half_body", False), ("garbage", False),
    ("store_cut", True), ("store_cut_status", True)])
def test_it_ends_a_connection_without_an_answer(loki, push, kind, stored):
    loki.fail(Fault(kind, count=1))
    problem = fails(push, "x" * 300_000 if kind == "half_body" else "x")
    assert isinstance(problem, {
        "half_body": ConnectionError, "garbage": http.client.BadStatusLine,
        "store_cut_status": http.client.BadStatusLine}.get(kind, ConnectionError))
    assert loki.lines() == stored
    assert loki.counts.by_status == ({} if kind == "hangup" else {0: 1})
    assert push.line("y").status == 204 and loki.connections == 2


def test_half_of_the_status_line_comes_before_the_end(loki):
    loki.fail(Fault("store_cut_status"))
    with socket.create_connection((loki.host, loki.port), 5) as client:
        client.sendall(b"GET /ready HTTP/1.1\r\nHost: x\r\n\r\n")
        assert client.recv(100) == b"HTTP/1.1 20" and client.recv(100) == b""


def test_it_is_slow_and_has_stored_before_it_answers(loki):
    loki.fail(Fault("slow", delay=30))
    with LokiPush(loki.port, timeout=0.3) as push:
        assert isinstance(fails(push), TimeoutError)
    wait_for(lambda: texts(loki) == ["x"], 30, "it is stored")
    wait_for(lambda: loki.counts.in_flight == 0, 30, "it saw that its client has gone")
    loki.recover()
    loki.fail(Fault("slow", delay=0.3))
    with LokiPush(loki.port) as push:
        began = time.monotonic()
        assert push.line("y").status == 204 and time.monotonic() - began >= 0.3


def test_it_answers_byte_by_byte(loki, push):
    loki.fail(Fault("drip", delay=0.003))
    began = time.monotonic()
    assert push.line("x").status == 204 and time.monotonic() - began > 0.15
    assert texts(loki) == ["x"]


def test_it_never_answers(loki):
    loki.fail(Fault("silent"))
    with LokiPush(loki.port, timeout=0.3) as push:
        assert isinstance(fails(push), TimeoutError)
    loki.recover()
    with LokiPush(loki.port) as push:
        assert push.line("y").status == 204
    assert texts(loki) == ["y"]


def test_it_is_down_and_comes_back_on_its_port(loki, push):
    push.line("a")
    loki.down()
    fails(push)  # the kept connection has ended
    assert isinstance(fails(push), ConnectionRefusedError)
    loki.up()
    assert push.line("b").status == 204 and texts(loki) == ["a", "b"]


@pytest.mark.parametrize("reset", [False, True])
def test_it_drops_kept_connections(loki, push, reset):
    push.line("a")
    loki.drop(reset)
    fails(push)
    assert push.line("b").status == 204 and loki.connections == 2


def test_a_kept_connection_is_closed_when_it_is_idle(loki, push):
    loki.close_idle(0.1)
    push.line("a")
    assert push.http.sock.recv(1) == b""  # the client finds it dead
    loki.close_idle(0)
    fails(push)
    assert push.line("b").status == 204 and push.line("c").status == 204
    assert loki.connections == 2


def test_a_mix_comes_the_same_way_for_the_same_seed():
    mix = {"503": 0.3, "store_cut": 0.2, "429": 0.1}

    def drawn(seed):
        faults = Faults()
        faults.add(Fault("mix", mix=mix, seed=seed))
        picked = [faults.pick("/") for _ in range(1000)]
        return [(one.kind, one.status) if one else None for one in picked]
    first = drawn(1)
    assert first == drawn(1) != drawn(2)
    assert 230 < first.count(("status", 503)) < 370 and 330 < first.count(None) < 470
    assert 130 < first.count(("store_cut", 0)) < 270 and 60 < first.count(("status", 429)) < 140


def test_who_sends_again_through_a_mix_loses_nothing(loki, push):
    kinds = {kind: 0.07 for kind in KINDS
             if kind not in ("none", "mix", "status", "silent", "drip")}
    loki.fail(Fault("mix", mix={**kinds, "503": 0.1}, seed=7))
    now = time.time_ns()
    for number in range(60):
        def sent():
            try:
                return push.line(f"line {number}", now + number).status == 204
            except NO_ANSWER:
                return False
        wait_for(sent, 30, f"line {number} is taken", every=0)
    assert texts(loki) == [f"line {number}" for number in range(60)]
    assert loki.repeats > 0 and loki.counts.by_status[503] > 0 and loki.counts.by_status[0] > 0


def test_a_fault_that_is_misspelt_is_not_taken():
    for wrong in ({"kind": "slwo"}, {}, {"kind": "mix", "mix": {"slwo": 1.0}}):
        with pytest.raises(ValueError):
            Fault(**wrong)


def test_requests_in_flight(loki):
    loki.fail(Fault("slow", delay=30, count=2))
    pushes = [LokiPush(loki.port) for _ in range(2)]
    threads = [threading.Thread(target=push.line, args=[f"{at}"]) for at, push in enumerate(pushes)]
    for thread in threads:
        thread.start()
    wait_for(lambda: loki.counts.in_flight == 2, 20, "both are in flight")
    loki.recover()
    for thread, push in zip(threads, pushes):
        thread.join(20)
        push.http.close()
    assert loki.counts.max_in_flight == 2 and loki.counts.in_flight == 0


def test_tls_with_and_without_a_certificate_of_the_client(tmp_path):
    authority = TestAuthority(tmp_path)
    server = authority.server("localhost")
    trust = ssl.create_default_context(cafile=authority.file)
    with FakeLoki(tls=server) as loki:
        with LokiPush(loki.port, trust) as push:
            assert loki.url.startswith("https:") and push.line("a").status == 204
        server.load_verify_locations(authority.file)
        server.verify_mode = ssl.CERT_REQUIRED
        with LokiPush(loki.port, trust) as push:
            fails(push)
        trust.load_cert_chain(*authority.certificate("client"))
        with LokiPush(loki.port, trust) as push:
            assert push.line("b").status == 204
            loki.fail(Fault("store_cut", count=1))
            fails(push, "c")
        loki.fail(Fault("silent"))
        with LokiPush(loki.port, trust, timeout=0.3) as push:
            fails(push, "d")
        wait_for(lambda: loki.counts.in_flight == 0, 30, "it saw that its client has gone")
        assert texts(loki) == ["a", "b", "c"]


@pytest.fixture
def process(tmp_path):
    """Its two ports and itself."""
    file = tmp_path / "ports"
    program = project.SOURCE / "tests/support/fake_loki.py"
    with subprocess.Popen([sys.executable, str(program), "--port-file", str(file), "--version",
                           "2.8.4", "--token", "secret", "--limit", "max_streams=1"]) as running:
        try:
            wait_for(file.exists, 30, "it listens")
            yield *map(int, Path(file).read_text().split()), running
        finally:
            running.kill()


def test_as_a_process_it_is_told_and_asked_over_its_second_port(process):
    port, control_port, running = process
    with LokiPush(port, Authorization="Bearer secret") as push, LokiPush(control_port) as control:
        def tell(path, **what):
            return control.ask("POST", path, json.dumps(what).encode()).status
        assert push.line("a").status == 204
        assert tell("/fail", kind="status", status=503, count=1) == 200
        assert push.line("b").status == 503
        assert tell("/set", ready=False, max_streams=0, close_idle=0) == 200
        assert push.ask("GET", "/ready").status == 503
        assert tell("/down") == 200
        fails(push)
        assert tell("/up") == 200
        assert push.line("c").status == 204
        rows = [json.loads(row) for row in control.ask("GET", "/held?first=1").text.splitlines()]
        assert [(row["labels"], row["line"]) for row in rows] == [('{job="test"}', "c")]
        counts = json.loads(control.ask("GET", "/counts").text)
        assert (counts["lines"], counts["by_status"]) == (2, {"204": 2, "503": 1})
        assert tell("/fail", kind="slwo") == tell("/set", redy=1) == tell("/what") == 400
    running.send_signal(signal.SIGTERM)
    assert running.wait(10) == 0


def test_as_a_process_it_ends_with_its_parent(tmp_path):
    file, program = tmp_path / "ports", project.SOURCE / "tests/support/fake_loki.py"
    subprocess.run(["sh", "-c", f"'{sys.executable}' '{program}' --port-file '{file}' &"
                    f" while [ ! -e '{file}' ]; do sleep 0.05; done"], timeout=20, check=True)
    port = int(file.read_text().split()[0])

    def is_gone():
        with socket.socket() as client:
            return client.connect_ex(("127.0.0.1", port)) != 0
    wait_for(is_gone, 30, "it has gone")
