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
    for unit in UNITS:
        assert not ask(host, "StartTransientUnit", "ssa(sv)a(sa(sv))", unit, "fail", "1",
                       "Description", "s", "mine", "0"), unit
    assert not ask(host, "Reload") and not ask(host, "PowerOff")
    assert not ask(host, "EnableUnitFiles", "asbb", "1", "paws-open@x.service", "false", "false")
    assert not ask(host, "MaskUnitFiles", "asbb", "1", "paws-open@x.service", "false", "false")


@pytest.fixture
def loaded(host, runner):
    """A unit of each kind, active: of others systemd says that they are not before it asks polkit."""
    stays = "/etc/systemd/system/paws-open@.service.d/stays.conf"
    host.write(stays, "[Service]\nExecStart=\nExecStart=true\nRemainAfterExit=yes\n")
    host.run("systemctl daemon-reload")
    runner.start()
    action = f"paws-open@{runner.name}.service"
    host.run(["systemctl", "start", action])
    yield {"runner": runner.unit, "action": action, "agent": UNIT}
    host.run(f"systemctl stop {action}; rm {stays}; systemctl daemon-reload")


JOBS = ("start", "stop", "restart", "reload", "try-restart", "reload-or-restart", "reload-or-start")
REFUSED = {
    "KillUnit": ("ssi", "all", "15"),
    "SetUnitProperties": ("sba(sv)", "true", "1", "CPUWeight", "t", "100"),
    "ResetFailedUnit": ("s",),
    "ReloadUnit": ("ss", "replace"),
    "TryRestartUnit": ("ss", "replace"),
    "ReloadOrRestartUnit": ("ss", "replace"),
    "ReloadOrTryRestartUnit": ("ss", "replace"),
    "FreezeUnit": ("s",),
    "ThawUnit": ("s",),
    "CleanUnit": ("sas", "1", "runtime"),
    "BindMountUnit": ("sssbb", "/etc", "/srv", "false", "false"),
}


@pytest.mark.parametrize("kind", ("runner", "action", "agent"))
def test_nothing_else_may_be_done_to_a_unit_that_is_loaded(host, agent, loaded, kind):
    unit = loaded[kind]
    assert host.show(unit, "ActiveState")["ActiveState"] == "active"
    before = host.show(unit, "ActiveState", "InvocationID", "UnitFileState")
    allowed = {method for method, (signature, *rest) in REFUSED.items()
               if ask(host, method, signature, unit, *rest)}
    assert allowed == set()
    assert not [job for job in JOBS if ask(host, "EnqueueUnitJob", "sss", unit, job, "replace")]
    assert not ask(host, "MaskUnitFiles", "asbb", "1", unit, "true", "true")
    assert not ask(host, "DisableUnitFiles", "asb", "1", unit, "true")
    assert host.show(unit, "ActiveState", "InvocationID", "UnitFileState") == before
