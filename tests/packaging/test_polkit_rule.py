"""The polkit rule by itself: also for questions that only other versions of systemd ask."""

import json
import subprocess

import project

RULE = project.SOURCE / "systemd/paws-agent.rules"
MANAGE = "org.freedesktop.systemd1.manage-units"
RUNNER = "actions.runner.acme-widgets.build-01.service"
OPEN = "paws-open@acme-widgets.build-01.service"


def question(unit=None, verb=None, message=None, user="paws-agent", action=MANAGE):
    """As systemd asks it: a message with each verb of a unit's, none where it names no unit."""
    details = {"unit": unit, "verb": verb, "polkit.message": message or (
        f"Authentication is required to {verb} '$(unit)'." if verb else None)}
    return {"id": action, "user": user,
            "details": {key: value for key, value in details.items() if value is not None}}


def answers(questions):
    done = subprocess.run(
        ["node", project.SOURCE / "tests/packaging/polkit_rule.js", RULE], check=True, text=True,
        input="".join(json.dumps(one) + "\n" for one in questions), capture_output=True)
    return done.stdout.split()


def test_it_allows_what_is_promised():
    asked = [question(RUNNER, verb) for verb in ("start", "stop", "restart")]
    asked += [question(unit, "start") for unit in (
        OPEN, OPEN.replace("open", "inspect"), "paws-open@a:b@c.service", r"paws-open@a\x20b.service")]
    assert answers(asked) == ["yes"] * len(asked)


def test_it_allows_nothing_else_to_the_agent():
    transient = "Authentication is required to start transient unit '$(unit)'."
    asked = [question(unit, "start", transient) for unit in (RUNNER, OPEN)]
    asked += [question(RUNNER, verb) for verb in ("kill", "reload", "set-property", "clean", "start-limit")]
    asked += [question(OPEN, verb) for verb in ("stop", "restart", "reload", "kill")]
    asked += [question(unit, "start") for unit in (
        "paws-open@.service", "paws-open@..service", "paws-open@a..b.service", "paws-open@../a.service",
        "paws-open@a/b.service", "paws-open@a%b.service", "paws-open@a b.service", "paws-open@a.socket",
        f"paws-open@{'a' * 221}.service", "paws-clean@a.service", "x-paws-open@a.service",
        "paws-open@a.service\nx", "dbus.service", "actions.runner.a.timer", "actions.runner..socket")]
    asked += [question(), question(RUNNER), question(verb="start"),
              question(RUNNER, "start", "Something else is asked.")]
    assert answers(asked) == ["no"] * len(asked)


def test_it_says_nothing_of_others():
    asked = [question(RUNNER, "start", user=user) for user in ("root", "build", "paws-agent2")]
    asked += [question(RUNNER, "start", action="org.freedesktop.systemd1.manage-unit-files")]
    assert answers(asked) == ["undefined"] * len(asked)
