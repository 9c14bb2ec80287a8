"""Drain, hold and resume: the unprivileged agent stops and starts runners, by polkit's leave."""

import json

import pytest

from runner_unit import RunnerUnit


def pawsctl(host, *words, check=True):
    return host.run(["pawsctl", *words], check=check, timeout=60)


def wish_of(agent, runner):
    return agent.runner(runner.name)["wish"]


def test_an_idle_runner_is_stopped_and_resumed(host, agent, runner):
    runner.start()
    agent.wait_for_state(runner.name, "idle")
    done = pawsctl(host, "runners", "drain", runner.name, "--note", "new disk", "--wait")
    assert f"{runner.name}: stopped, operator: drained, new disk" in done.stdout
    shown = agent.runner(runner.name)
    assert shown["blame"] is None and shown["wish"]["note"] == "new disk"
    assert host.show(runner.unit, "ActiveState")["ActiveState"] == "inactive"
    assert "order given" in agent.log() and "drain by uid 0: new disk" in agent.log()
    pawsctl(host, "runners", "resume", runner.name, "--wait")
    assert agent.wait_for_state(runner.name, "idle")["wish"] is None


def test_a_running_job_ends_in_peace_and_no_other_begins(host, agent, runner):
    runner.start()
    agent.wait_for_state(runner.name, "idle")
    runner.tell("job long 15 Succeeded")
    agent.wait_for_state(runner.name, "busy")
    pawsctl(host, "runners", "drain", runner.name)
    agent.wait_for_state(runner.name, "draining")
    agent.wait_for_state(runner.name, "stopped", 60)
    lines = host.journal("-u", runner.unit)
    times = {word: int(line["__REALTIME_TIMESTAMP"]) / 1e6 for line in lines
             for word in ("completed with result: Succeeded", "Shutting down") if word in line["MESSAGE"]}
    gap = times["Shutting down"] - times["completed with result: Succeeded"]
    print(f"{gap * 1000:.0f} ms from the job's end to the stop: the window for another")
    assert 0 < gap < 4  # without a look of its own it is five seconds
    pawsctl(host, "runners", "resume", runner.name)
    agent.wait_for_state(runner.name, "idle")


def test_a_hold_ends_by_itself(host, agent, runner):
    runner.start()
    agent.wait_for_state(runner.name, "idle")
    pawsctl(host, "runners", "hold", runner.name, "--for", "15s", "--note", "kernel")
    agent.wait_for_state(runner.name, "stopped")
    assert wish_of(agent, runner)["kind"] == "hold"
    agent.wait_for_state(runner.name, "idle")
    host.wait_for(lambda: wish_of(agent, runner) is None, 30, "the hold is forgotten")


def test_wishes_outlive_the_agent(host, agent, runner):
    runner.start()
    agent.wait_for_state(runner.name, "idle")
    pawsctl(host, "runners", "drain", runner.name)
    first = agent.pid()
    host.kill(first)  # at once: what was answered is on the disk
    host.wait_for(lambda: agent.pid() not in (0, first) and
                  host.show("paws-agent.service", "ActiveState")["ActiveState"] == "active",
                  30, "the agent is back")
    host.wait_for(lambda: agent.runner(runner.name) and wish_of(agent, runner), 30, "it knows the drain")
    agent.wait_for_state(runner.name, "stopped")
    assert host.show(runner.unit, "ActiveState")["ActiveState"] == "inactive"
    pawsctl(host, "runners", "resume", runner.name, "--wait")


def test_a_runner_that_would_not_start_is_not_resumed_without_force(host, agent, runner):
    runner.start()
    agent.wait_for_state(runner.name, "idle")
    pawsctl(host, "runners", "drain", runner.name, "--wait")
    host.run(f"mv {runner.root}/runsvc.sh {runner.root}/aside; touch {runner.root}/runsvc.sh")
    host.wait_for(lambda: "install" in agent.runner(runner.name)["problems"], 30, "it is seen")
    refused = pawsctl(host, "runners", "resume", runner.name, check=False)
    assert refused.returncode == 2 and "runsvc.sh is empty" in refused.stderr
    without = pawsctl(host, "runners", "resume", runner.name, "--force", check=False)
    assert without.returncode == 64 and "--reason" in without.stderr
    host.run(f"mv {runner.root}/aside {runner.root}/runsvc.sh")
    forced = pawsctl(host, "runners", "resume", runner.name, "--force", "--reason", "mended", "--json")
    assert json.loads(forced.stdout)["runner"] == runner.name
    agent.wait_for_state(runner.name, "idle")
    assert "forced: mended" in agent.log()


@pytest.mark.parametrize("unit", ["dbus.service", "actions.runner.x.service.evil", "paws-agent.service"])
def test_polkit_lets_the_agent_touch_nothing_else(host, agent, unit):
    refused = host.run_as("paws-agent", ["systemctl", "--no-ask-password", "stop", unit], check=False)
    assert refused.returncode != 0
    assert host.show("dbus.service", "ActiveState")["ActiveState"] == "active"


def test_without_the_rule_the_refusal_is_told_with_what_is_missing(host, agent):
    runner = RunnerUnit(host, "refused").install().start()
    agent.wait_for_state(runner.name, "idle")
    rule = "/usr/share/polkit-1/rules.d/50-paws-agent.rules"
    host.run(f"mv {rule} /srv/aside.rules; systemctl restart polkit")
    try:
        pawsctl(host, "runners", "drain", runner.name)
        host.wait_for(lambda: "50-paws-agent.rules" in ((wish_of(agent, runner) or {}).get("trouble") or ""), 40,
                      "the wish says what is missing")
        assert agent.runner(runner.name)["state"] == "idle"
    finally:
        host.run(f"mv /srv/aside.rules {rule}; systemctl restart polkit")
    host.run(["systemctl", "stop", runner.unit])
