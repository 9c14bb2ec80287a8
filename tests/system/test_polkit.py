"""Polkit: what the agent's user may do by it, cell by cell, and what is said where it cannot be had."""

from pathlib import Path

import pytest

from agent_unit import UNIT, USER
from runner_unit import closed_runner

POLKIT = "/usr/share/dbus-1/system-services/org.freedesktop.PolicyKit1.service"


LACKS = {  # how it is brought about and undone, and what the agent says of it
    "templates": ("mv /usr/lib/systemd/system/paws-open@.service /root; systemctl daemon-reload",
                  "mv /root/paws-open@.service /usr/lib/systemd/system; systemctl daemon-reload",
                  "not found"),
    "polkit": (f"systemctl stop polkit; mv {POLKIT} /root; systemctl reload dbus",
               f"mv /root/{Path(POLKIT).name} {POLKIT}; systemctl reload dbus; systemctl start polkit",
               "polkit running?"),
    "masked-polkit": ("systemctl mask --now polkit", "systemctl unmask polkit; systemctl start polkit",
                      "polkit running?"),
}


@pytest.mark.parametrize("lack", LACKS)
def test_where_nothing_can_be_started_it_is_said_once(host, agent, lack):
    bring_about, undo, said = LACKS[lack]
    host.run(bring_about)
    agent.restart()
    runner = closed_runner(host, f"lacks-{lack}").start()
    try:
        agent.wait_for_state(runner.name, "idle")
        told = f"action failed unit=paws-open@{runner.name}.service"
        host.wait_for(lambda: told in agent.log(), 40, "it is told why")
        line, = (one for one in agent.log().splitlines() if told in one)
        assert said in line
        assert runner.name in agent.metrics().text and agent.may_look_into(runner.name) is False
    finally:
        runner.stop()
        host.run(undo)


VERBS = {"start": "StartUnit", "stop": "StopUnit", "restart": "RestartUnit", "reload": "ReloadUnit"}
UNITS = {  # unit: the verbs that the agent's user may give
    "actions.runner.acme-widgets.x.service": {"start", "stop", "restart"},
    "paws-open@acme-widgets.x.service": {"start"},
    "paws-inspect@acme-widgets.x.service": {"start"},
    "paws-open@a..b.service": set(),
    "paws-open@.hidden.service": set(),
    "paws-open@acme-widgets.x.socket": set(),
    "paws-clean@acme-widgets.x.service": set(),
    "paws-reap@acme-widgets.x.service": set(),
    "xpaws-open@acme-widgets.x.service": set(),
    "paws-agent.service": set(),
    "dbus.service": set(),
    "reboot.target": set(),
    "actions.runner.x.timer": set(),
}


def ask(host, method, *arguments):
    """Whether polkit lets the agent's user do so."""
    done = host.run_as(USER, ["busctl", "call", "--allow-interactive-authorization=no",
                              "org.freedesktop.systemd1", "/org/freedesktop/systemd1",
                              "org.freedesktop.systemd1.Manager", method, *arguments], check=False)
    denied = "ccess denied" in done.stderr or "authentication required" in done.stderr
    let_in = any(words in done.stderr for words in ("not found", "not loaded", "not applicable"))
    assert denied or done.returncode == 0 or let_in, done.stderr
    return not denied


def test_what_the_agents_user_may_do_cell_by_cell(host, agent, runner):
    table = {unit: {verb for verb, method in VERBS.items() if ask(host, method, "ss", unit, "replace")}
             for unit in UNITS}
    assert table == UNITS
    runner.start()
    for unit in (runner.unit, UNIT):  # loaded: of others systemd says so before it asks polkit
        assert not ask(host, "KillUnit", "ssi", unit, "all", "15"), unit
        assert not ask(host, "SetUnitProperties", "sba(sv)", unit, "true", "1", "CPUWeight", "t", "100")
        assert not ask(host, "ResetFailedUnit", "s", unit), unit
    for unit in UNITS:
        assert not ask(host, "StartTransientUnit", "ssa(sv)a(sa(sv))", unit, "fail", "1",
                       "Description", "s", "mine", "0"), unit
    assert not ask(host, "Reload") and not ask(host, "PowerOff")
    assert not ask(host, "EnableUnitFiles", "asbb", "1", "paws-open@x.service", "false", "false")
