"""`runners drain`, `hold` and `resume` in front of an agent whose runner does as a test wants."""

import json
import os
import subprocess

import pytest

import project
from fake_agent import FakeAgent, refusal

NAME = "acme-widgets.build-01"


def pawsctl(agent, *arguments):
    environment = {**os.environ, "PAWS_SOCKET": str(agent.path), "LC_ALL": "C.UTF-8"}
    return subprocess.run([project.binary("pawsctl"), "runners", *arguments], env=environment,
                          capture_output=True, text=True, timeout=30, stdin=subprocess.DEVNULL)


def going_through(*states):
    """An agent whose runner is in these states, one for each time that it is looked at."""
    left = list(states)

    def answer(verb, _):
        if verb in ("drain", "hold", "resume"):
            return {"version": 1, "runner": NAME, "unit": f"actions.runner.{NAME}.service"}
        state = left.pop(0) if verb == "status" and len(left) > 1 else left[0]
        runner = {"name": NAME, "unit": f"actions.runner.{NAME}.service", "agent_name": "build-01",
                  "state": state, "reason": "asked for", "job": None, "wish": None}
        return {"version": 1, "runners": [runner]} if verb == "status" else {"version": 1, **runner}
    return FakeAgent(answer)


def test_waiting_tells_what_is_waited_for_and_what_came_of_it():
    with going_through("busy", "busy", "draining", "stopped") as agent:
        done = pawsctl(agent, "drain", "build-01", "--wait")
        assert done.returncode == 0
        assert done.stdout.splitlines() == [f"{NAME}: busy", f"{NAME}: draining", f"{NAME}: stopped, asked for"]


def test_waiting_for_a_program_ends_with_one_document():
    with going_through("busy", "draining", "stopped") as agent:
        done = pawsctl(agent, "drain", "build-01", "--wait", "--json")
        assert done.returncode == 0
        assert json.loads(done.stdout)["state"] == "stopped"


def test_patience_ends_and_what_was_asked_stays():
    with going_through("busy") as agent:
        done = pawsctl(agent, "drain", "build-01", "--wait", "--patience", "600ms")
        assert done.returncode == 75
        assert f"{NAME} is not there yet after 600ms: busy; what was asked stays in force" in done.stderr


@pytest.mark.parametrize("arguments", [("drain", "build-01", "--wait", "--patience", "2hours"),
                                       ("hold", "build-01", "--for", "2hours")])
def test_a_time_that_is_none_asks_for_nothing(arguments):
    with going_through("stopped") as agent:
        done = pawsctl(agent, *arguments)
        assert done.returncode == 64 and "'2hours' is no time; write 30s, 5m or 1h" in done.stderr
        assert agent.asked == []


def test_a_runner_that_should_not_be_started_is_a_no_go():
    with FakeAgent(lambda *_: refusal("conflict", "its disk is full; --force --reason TEXT")) as agent:
        done = pawsctl(agent, "resume", "build-01")
        assert done.returncode == 2 and done.stderr == "pawsctl: its disk is full; --force --reason TEXT\n"
