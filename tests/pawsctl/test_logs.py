"""pawsctl logs, in front of an agent that answers what a test wants."""

import json
import subprocess
import time
from pathlib import Path

import pytest

import project
from fake_agent import FakeAgent, refusal
from log_follower import environment

SCREENS = Path(__file__).parent / "screens"
EXIT_CODES = {"logs_shipping": 0, "logs_not_configured": 0, "logs_retrying": 1, "logs_paused": 2,
              "logs_starting": 3, "logs_hostile": 1}
CONFLICT = refusal("conflict", "no logs are shipped: set [logs] loki_url and reload the agent")
TRIAL = {"trial": 3, "running": False, "url": "https://loki.example.com", "pushed": True,
         "push_trouble": None, "push_seconds": 0.012, "found": "yes", "find_trouble": None,
         "found_seconds": 0.32,
         "query": '{host="build-host", job="paws-agent", level="info"} |= "1767"'}


def pawsctl(agent, *arguments, timeout=20, **more):
    return subprocess.run([project.binary("pawsctl"), "logs", *arguments], capture_output=True,
                          env=environment(agent.path, **more), stdin=subprocess.DEVNULL,
                          text=True, timeout=timeout)


def document(name):
    return json.loads((SCREENS / f"{name}.json").read_text())


@pytest.mark.parametrize("name", EXIT_CODES)
def test_status_shows_the_golden_screen_and_exits_by_it(name):
    with FakeAgent(lambda *_: document(name)) as agent:
        done = pawsctl(agent, "status", COLUMNS="80")
        assert done.stdout == (SCREENS / f"{name}.txt").read_text()
        assert (done.returncode, done.stderr) == (EXIT_CODES[name], "")
        assert agent.asked == [("logs", {})]
        told = pawsctl(agent, "status", "--json")
        assert json.loads(told.stdout) == document(name)
        assert told.returncode == EXIT_CODES[name]


def test_status_of_an_agent_that_has_just_started_is_unknown():
    with FakeAgent(lambda *_: refusal("unavailable", "ask again in a second")) as agent:
        assert pawsctl(agent, "status").returncode == 3


def trying(*answers):
    """An agent whose trial goes as told; the last answer stays."""
    left = list(answers)

    def answer(verb, arguments):
        assert verb == "logs_test"
        if not arguments:
            return {"trial": 3, "running": True}
        assert arguments == {"trial": 3}
        return left.pop(0) if len(left) > 1 else left[0]
    return FakeAgent(answer)


@pytest.mark.parametrize("name, change, code", [
    ("found", {}, 0),
    ("not_found", {"found": "no", "found_seconds": 5.1}, 1),
    ("may_not_read", {"found": "unknown",
                      "find_trouble": "Loki answers 403: no permission to read"}, 1),
    ("not_pushed", {"pushed": False, "found": "unknown",
                    "push_trouble": "Loki answers 401: no such token"}, 2)])
def test_a_trial_is_told_step_by_step(name, change, code):
    with trying({**TRIAL, **change}) as agent:
        done = pawsctl(agent, "test", COLUMNS="80")
        assert done.stdout == (SCREENS / f"logs_test_{name}.txt").read_text()
        assert (done.returncode, done.stderr) == (code, "")
        told = pawsctl(agent, "test", "--json")
        assert (json.loads(told.stdout), told.returncode) == ({**TRIAL, **change}, code)


def test_a_trial_is_asked_for_until_it_has_ended():
    running = {**TRIAL, "running": True, "pushed": False}
    with trying(running, running, TRIAL) as agent:
        began = time.monotonic()
        assert pawsctl(agent, "test").returncode == 0
        assert 0.6 <= time.monotonic() - began < 20
        assert agent.asked == [("logs_test", {})] + 3 * [("logs_test", {"trial": 3})]


def test_a_trial_that_does_not_end_is_not_known_after_the_timeout():
    with trying({**TRIAL, "running": True, "pushed": False}) as agent:
        began = time.monotonic()
        done = pawsctl(agent, "test", "--timeout", "500ms")
        assert 0.5 <= time.monotonic() - began < 15
        assert done.returncode == 3 and done.stdout == ""
        assert "has not answered within 500ms" in done.stderr


@pytest.mark.parametrize("answer, code", [(CONFLICT, 2), (refusal("not_found", "forgotten"), 3),
                                          (refusal("denied", "join"), 77), ({"a": 1}, 69)])
def test_a_trial_that_cannot_begin_is_one_sentence(answer, code):
    with FakeAgent(lambda *_: answer) as agent:
        done = pawsctl(agent, "test")
        assert done.returncode == code and done.stdout == ""
        assert len(done.stderr.splitlines()) == 1


def test_without_an_agent_each_says_how_to_start_it(tmp_path):
    for verb in ("status", "test", "follow"):
        done = subprocess.run([project.binary("pawsctl"), "logs", verb], capture_output=True,
                              env=environment(tmp_path / "no.sock"), text=True, timeout=20)
        assert done.returncode == 69 and "no agent listens at" in done.stderr
