"""pawsctl logs, from the journal of this host over the real agent to a Loki."""

import json

import pytest

from agent_process import AgentProcess
from fake_loki import FakeLoki
from fake_loki_faults import Fault
from journal_feed import JournalFeed
from log_follower import LogFollower
from polling import wait_for

DROP_IN = """[journal]
directory = "{journal}"

[runners]
discover = false

[logs]
loki_url = "{loki}"
batch_wait = "100ms"
"""
DOCKER = {"_SYSTEMD_UNIT": "docker.service", "_TRANSPORT": "stdout"}


@pytest.fixture
def loki():
    with FakeLoki() as loki:
        yield loki


@pytest.fixture
def agent(feed, loki):
    feed.write("the journal begins", at=1.0)  # so that there is one to open
    with AgentProcess(DROP_IN.format(journal=feed.directory, loki=loki.url)) as agent:
        wait_for(lambda: state(agent) == "shipping", 30, "logs are shipped")
        yield agent


def status(agent):
    return json.loads(agent.pawsctl("logs", "status", "--json").stdout)


def state(agent):
    return status(agent)["state"]


def said_until_shown(feed, following, text):
    """Writes until the follower, which shows what comes from now on, has begun."""
    def shown():
        feed.write(text, **DOCKER)
        return text in following.read()
    wait_for(shown, 30, f"{text!r} is shown", every=0.3)


def test_status_counts_what_loki_holds(agent, feed, loki):
    for number in range(50):
        feed.write(f"line {number}", **DOCKER)
    loki.wait_for_lines(50)
    told = wait_for(lambda: [one for one in [status(agent)] if one["counts"]["sent"] >= 50], 30,
                    "it counts them")[0]
    assert told["counts"]["sent"] == loki.lines() == 50
    assert told["counts"]["read"] == {"journal": 50, "diag": 0}
    shown = agent.pawsctl("logs", "status")
    assert shown.returncode == 0 and shown.stdout.startswith("shipping, "), shown.stdout
    assert "50 lines of the journal, 0 of runners' traces" in shown.stdout
    assert f"Loki      {loki.url}\n" in shown.stdout
    in_status = json.loads(agent.pawsctl("status", "--json").stdout)["agent"]["logs"]
    assert in_status["state"] == "shipping" and in_status["trouble"] is None


def test_status_tells_of_a_loki_that_is_away_and_comes_back(agent, feed, loki):
    loki.down()
    feed.write("waits", **DOCKER)
    wait_for(lambda: state(agent) == "retrying", 30, "it retries")
    shown = agent.pawsctl("logs", "status")
    assert shown.returncode == 1 and shown.stdout.startswith("retrying, ")
    assert "Connection refused" in shown.stdout and f"curl -sS '{loki.url}/ready'" in shown.stdout
    assert "retrying" in agent.pawsctl("status").stdout
    loki.up()
    loki.wait_for_lines(1, 30)
    wait_for(lambda: agent.pawsctl("logs", "status").returncode == 0, 30, "all is well again")


def test_status_and_doctor_tell_of_refused_credentials(agent, feed, loki):
    loki.fail(Fault("status", status=401, body="no such token"))
    feed.write("refused", **DOCKER)
    wait_for(lambda: state(agent) == "paused", 30, "it is paused")
    shown = agent.pawsctl("logs", "status")
    assert shown.returncode == 2 and "Loki answers 401: no such token" in shown.stdout
    checks = json.loads(agent.pawsctl("doctor", "--json").stdout)["checks"]
    shipping = next(one for one in checks if (one["subject"], one["check"]) == ("logs", "shipping"))
    assert shipping["verdict"] == "failed" and "401" in shipping["what"]


def test_a_journal_that_cannot_be_read_is_told_until_it_is_there(loki, tmp_path):
    with AgentProcess(DROP_IN.format(journal=tmp_path / "journal", loki=loki.url)) as agent:
        def readable():
            return agent.metrics().value("paws_logs_source_readable", source="journal")

        wait_for(lambda: readable() == 0, 30, "it is told")
        wait_for(lambda: "logs: the journal cannot be read" in agent.log(), 30, "it is in the agent's log")
        shown = agent.pawsctl("logs", "status")
        assert shown.returncode == 1 and "no journal files below" in shown.stdout, shown.stdout
        with JournalFeed(tmp_path / "journal") as feed:
            feed.write("here it is", **DOCKER)
            loki.wait_for_lines(1, 30)
            wait_for(lambda: readable() == 1, 30, "it is told")


def test_the_trial_finds_its_line(agent, loki):
    done = agent.pawsctl("logs", "test", timeout=40)
    assert done.returncode == 0, done.stdout + done.stderr
    assert "pushed    yes, in " in done.stdout and "found     yes, after " in done.stdout
    assert [one.line for one in loki.held() if one.line.startswith("pawsctl logs test ")]


@pytest.mark.parametrize("fault, code, said", [
    (Fault("status", status=401, body="no such token"), 2, "credentials"),
    (Fault("status", status=404, body="page not found"), 2, "leads to no Loki"),
    (Fault("status", status=403, body="may not read", only="query_range"), 1,
     "This proves only half"),
    (Fault("status", status=200, only="query_range",
           body='{"status":"success","data":{"resultType":"streams","result":[]}}'), 1,
     "does not show it")], ids=["credentials", "url", "may not read", "not found"])
def test_the_trial_says_what_does_not_work(agent, loki, fault, code, said):
    loki.fail(fault)
    done = agent.pawsctl("logs", "test", timeout=40)
    assert done.returncode == code, done.stdout + done.stderr
    assert said in " ".join(done.stdout.split())


def test_follow_prints_a_line_that_was_logged(agent, feed):
    with LogFollower(agent.socket, "--unit", "docker") as following:
        said_until_shown(feed, following, "hello of docker")
        feed.write("clear\x1b[2J", **DOCKER)
        feed.write("of another", _SYSTEMD_UNIT="cron.service")
        feed.write("goodbye", PRIORITY="3", **DOCKER)
        following.wait_for("docker                 error     goodbye")
        assert following.end() == 0
        shown = following.out
        assert "of another" not in shown and "\x1b" not in shown
        assert following.err == ""


def test_follow_goes_on_over_a_restart_of_the_agent(agent, feed):
    with LogFollower(agent.socket) as following:
        said_until_shown(feed, following, "before")
        agent.stop()
        agent.start()
        said_until_shown(feed, following, "after the restart")
        assert following.end() == 0
        assert "begun anew" in following.err


def test_follow_goes_on_when_a_reload_begins_the_shipping_anew(agent, feed):
    with LogFollower(agent.socket) as following:
        said_until_shown(feed, following, "before")
        agent.drop_in.write_text(agent.drop_in.read_text() + 'labels = { team = "ci" }\n')
        agent.reload()
        following.wait_for_word("begun anew")
        said_until_shown(feed, following, "after the reload")
        assert following.end() == 0


def test_where_nothing_is_to_be_shipped_that_is_well(feed):
    with AgentProcess("[runners]\ndiscover = false\n") as agent:
        shown = agent.pawsctl("logs", "status")
        assert shown.returncode == 0 and "[logs] loki_url is not set" in shown.stdout
        assert agent.pawsctl("logs", "test").returncode == 2
        assert agent.pawsctl("logs", "follow").returncode == 2
        checks = json.loads(agent.pawsctl("doctor", "--json").stdout)["checks"]
        assert not [one for one in checks if one["subject"] == "logs"]
