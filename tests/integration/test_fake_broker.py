"""The fake listener and the fake broker with each other: each failure looks from outside as the real
one does: in the runner's lines, in its processes, and on its sockets."""

import contextlib
import datetime
import http.client
import json
import re
import ssl
import subprocess
import urllib.request

import pytest

from fake_broker import FakeBroker
from fake_github import FakeGithub
from polling import Unmet, wait_for

SCOPE = "/repos/acme/widgets"
NAME = "build-01"
# A thirtieth of the runner's own pace: 30 s between tries are 1, 100 s until it gives up are 3.3.
PACE = {"FAKE_BACKOFF_MS": "1000", "FAKE_RENEW_MS": "400", "FAKE_RELAUNCH_MS": "500"}


@pytest.fixture
def github(tmp_path):
    with FakeGithub(tmp_path / "github") as github:
        github.add_runner(SCOPE, 42, NAME, "offline")
        yield github


@pytest.fixture
def broker(github):
    with FakeBroker(pace=0.4, github=github,
                    tls=github.authority.server("localhost", days=2)) as broker:
        yield broker
        assert broker.malformed == []


@pytest.fixture
def online(runner, broker):
    """The runner with a poll that waits."""
    runner.start(FAKE_BROKER=broker.endpoint, **PACE)
    broker.wait_for_poll(NAME)
    return runner


def traces(runner, kind):
    """The text of the newest _diag/KIND_*.log."""
    found = sorted((runner.root / "_diag").glob(f"{kind}_*-utc.log"))
    return found[-1].read_text() if found else ""


def lines(runner):
    return [line.partition("WRITE LINE: ")[2] for line in traces(runner, "Runner").splitlines()
            if "Terminal] WRITE LINE: " in line]


def wait_for_line(runner, pattern, times=1):
    def is_there():
        seen = lines(runner)
        return sum(bool(re.search(pattern, one)) for one in seen) >= times or Unmet(seen)

    wait_for(is_there, 30, f"{times} x '{pattern}'")


def connections(runner, broker):
    """Of the listener to the broker, as the kernel shows them."""
    shown = subprocess.run(["ss", "-Htnp", "state", "established", "dst", broker.endpoint],
                           capture_output=True, text=True, check=True).stdout
    return [one for one in shown.splitlines() if f"pid={runner.listener()}," in one]



def test_one_connection_holds_one_poll_after_another(online, broker, github):
    wait_for(lambda: broker.session(NAME).polls >= 4, 30, "four polls")
    assert broker.accepted == 1 and len(connections(online, broker)) == 1
    gaps = [after[0] - before[0] for before, after in zip(broker.polls, broker.polls[1:])]
    assert all(0.35 < gap < 20 for gap in gaps), gaps
    assert github.runner(42)["status"] == "online"
    said = lines(online)
    assert said.index("√ Connected to GitHub") < said.index("Current runner version: '2.336.0'")
    assert said[-1].endswith("Z: Listening for Jobs")


def test_a_job_is_given_renewed_and_traced(online, broker, github):
    broker.give_job(NAME, "build (ubuntu) 3 Succeeded")
    wait_for(lambda: broker.polls[-1][2] == "Busy", 30, "it says that it is busy")
    assert github.runner(42)["busy"] is True
    wait_for_line(online, "Job build .ubuntu. completed with result: Succeeded")
    trace = traces(online, "Runner")
    record = r"\[\d{4}-\d\d-\d\d \d\d:\d\d:\d\dZ INFO JobDispatcher\] "
    guid = re.search(record + r"Job request 0 for plan \S+ job (\S+) received\.", trace)[1]
    renewed = re.findall(record + f"Successfully renew job {guid}, job is valid till ", trace)
    assert f"Worker finished for job {guid}. Code: 100" in trace
    began, ended = (datetime.datetime.fromisoformat(re.search(
        rf"\[([^\]]*)Z INFO JobDispatcher\] {words}", trace)[1]) for words in (
        "Job request 0 for plan", f"Worker finished for job {guid}"))
    assert 2 <= len(renewed) <= ((ended - began).total_seconds() + 1) / 0.4 + 1

    worker = traces(online, "Worker")
    assert worker.splitlines()[0].endswith("INFO Worker] Job message:")
    message = json.loads(worker[worker.index("{"):worker.index("\n}") + 2])
    assert message["jobId"] == guid and message["jobDisplayName"] == "build (ubuntu)"
    github_says = {one["k"]: one["v"] for one in message["contextData"]["github"]["d"]}
    assert github_says["repository"] == "acme/widgets" and github_says["run_id"].isdigit()
    assert f"Job ID {guid}" in worker and "INFO Worker] Job completed." in worker

    online.tell("renewals fail", "job late 2 Failed")
    wait_for(lambda: "ERR  JobDispatcher] Catch exception during renew" in traces(online, "Runner"),
             30, "a renewal fails")


def test_a_dropped_connection_is_made_again_in_silence(online, broker):
    broker.drop(reset=True)
    wait_for(lambda: broker.accepted == 2 and broker.session(NAME).pending, 30, "it is back")
    assert not any("connect error" in line for line in lines(online))


@pytest.mark.parametrize("fail, words", [
    (FakeBroker.refuse, r"Connection refused \(127\.0\.0\.1:\d+\)"),
    (FakeBroker.outage, r"Response status code does not indicate success: 503\."),
    (FakeBroker.go_silent, r"The request was canceled due to the configured HttpClient\.Timeout"),
])
def test_an_error_is_told_once_a_series(online, broker, fail, words):
    fail(broker)
    wait_for_line(online, r"^\d{4}.*Z: Runner connect error: " + words
                  + r".*Retrying until reconnected\.$")
    broker.back_to_normal()
    before = broker.session(NAME).polls
    wait_for(lambda: broker.session(NAME).polls > before + 2, 30, "it polls again")
    assert sum("connect error" in line for line in lines(online)) == 1
    assert not any("reconnected." in line and "until" not in line for line in lines(online))


def test_ten_errors_end_it_and_the_next_one_has_a_session_again(online, broker):
    first = online.listener()
    broker.refuse()
    wait_for(lambda: online.listener() not in (first, None), 60, "another listener")
    wait_for_line(online, "Runner connect error: Connection refused")
    broker.back_to_normal()
    broker.wait_for_poll(NAME)
    wait_for_line(online, "Listening for Jobs")


def test_a_ghost_is_alive_offline_and_unaware(online, broker, github):
    before = lines(online)
    broker.ghost(NAME)
    assert github.runner(42)["status"] == "offline"
    wait_for(lambda: not connections(online, broker), 30, "its socket is gone")
    assert online.listener() and lines(online) == before
    # Everybody else finds the broker well.
    trust = ssl.create_default_context(cafile=github.authority.file)
    port = broker.endpoint.rpartition(":")[2]
    with urllib.request.urlopen(f"https://localhost:{port}/health", context=trust, timeout=20) as ok:
        assert ok.status == 200
    assert broker.session(NAME).pending is None
    online.tell("reconnect")
    broker.wait_for_poll(NAME)


def test_a_deaf_listener_keeps_its_connection(online, broker):
    online.tell("deaf")
    polls = broker.session(NAME).polls
    wait_for(lambda: broker.session(NAME).pending is None, 30, "its last poll is answered")
    assert len(connections(online, broker)) == 1
    assert broker.session(NAME).polls <= polls + 1


def test_a_session_that_another_has_is_a_conflict(runner, broker):
    broker.occupy(NAME)
    runner.start(FAKE_BROKER=broker.endpoint, **PACE)
    wait_for_line(runner, "^A session for this runner already exists.$", times=2)
    broker.back_to_normal()
    broker.wait_for_poll(NAME)
    broker.occupy(NAME)
    runner.tell("exit 2")
    wait_for_line(runner, "^Stop retry on SessionConflictException after retried for 240 seconds.$")
    wait_for(lambda: not runner.pids("node"), 30, "the wrapper ends with it")
    assert lines(runner)[-1] == "Failed to create session. Error: Conflict"


def run_listener(runner, broker):
    """A listener by hand, without its wrapper, to its end."""
    return subprocess.run([runner.root / "bin/Runner.Listener", "run"], cwd=runner.root,
                          env={"FAKE_BROKER": broker.endpoint, **PACE}, capture_output=True,
                          text=True, timeout=90)


def test_a_session_is_its_owners_between_two_polls():
    agent = {"agent": {"agentId": 42, "agentName": NAME}}
    with FakeBroker(pace=0.05) as broker, contextlib.ExitStack() as open_ones:
        def client():
            made = http.client.HTTPConnection(*broker.endpoint.split(":"), timeout=20)
            return open_ones.enter_context(contextlib.closing(made))

        def ask(who, method, path, body=None):
            who.request(method, path, body and json.dumps(body), {"Authorization": "Bearer x"})
            with who.getresponse() as answer:
                answer.read()
                return answer.status

        first, second = client(), client()
        assert ask(first, "POST", "/session", agent) == 200
        session = broker.session(NAME)
        assert ask(first, "GET", f"/message?sessionId={session.id}&status=Online") == 202
        wait_for(lambda: session.pending is None, 10, "no poll is held")
        assert ask(second, "POST", "/session", agent) == 409
        first.close()
        wait_for(lambda: ask(second, "POST", "/session", agent) == 200, 10, "it is free")


def test_a_second_listener_on_one_root_gets_no_session(online, broker):
    second = run_listener(online, broker)
    assert second.returncode == 5
    assert "A session for this runner already exists." in second.stdout
    assert broker.session(NAME).pending


def test_a_registration_that_goes_ends_it_and_its_files(online, broker):
    broker.forget(NAME)
    wait_for_line(online, "The runner no longer exists on the server. Cleaning up local config")
    wait_for(lambda: not online.listener(), 30, "it has ended")
    assert not (online.root / ".runner").exists()


def test_a_registration_that_is_gone_at_the_start(runner, broker):
    broker.forget(NAME)
    ended = run_listener(runner, broker)
    assert ended.returncode == 1
    assert "The runner no longer exists on the server. Please reconfigure" in ended.stdout
    assert (runner.root / ".runner").exists()


def test_a_stop_gives_the_session_back(online, broker, github):
    online.stop()
    assert broker.session(NAME) is None and github.runner(42)["status"] == "offline"
