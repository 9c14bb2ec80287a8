"""On a machine of its own with cgroup controllers: what a runner uses, as its cgroup has it."""

import json
import time

import pytest

import project
from agent_unit import UNIT, AgentUnit
from guest import Guest
from runner_unit import FAKE_RUNNER, SUPPORT, RunnerUnit, closed_runner

MIB = 1 << 20
READ = """
cd "/sys/fs/cgroup$(systemctl show --property=ControlGroup --value "$0")"
grep -H . cpu.stat memory.current memory.peak memory.events pids.current io.stat \
  cpu.pressure memory.pressure io.pressure
systemctl show "$0" --property=MemoryCurrent,CPUUsageNSec,TasksCurrent,IOReadBytes,IOWriteBytes
"""


class GuestAgent(AgentUnit):
    def ask(self, verb, **arguments):
        assert verb == "status" and not arguments
        shown = self.host.run("pawsctl status --json", check=False)
        assert shown.returncode in (0, 1, 2, 3), shown.stderr
        return {"ok": True, "result": json.loads(shown.stdout)}


@pytest.fixture(scope="module")
def host():
    with Guest("guest") as guest:
        guest.copy_in(project.binary("paws-agent"), "/usr/bin/paws-agent", 0o755)
        guest.copy_in(project.binary("pawsctl"), "/usr/bin/pawsctl", 0o755)
        guest.copy_in(project.binary("paws-action"), "/usr/libexec/paws-agent/paws-action", 0o755)
        guest.copy_in(project.binary("paws_fake_runner"), FAKE_RUNNER, 0o755)
        guest.copy_in(project.SOURCE / "tests/support/make_fake_runner",
                      f"{SUPPORT}/make_fake_runner", 0o755)
        yield guest


@pytest.fixture(scope="module")
def agent(host):
    return GuestAgent(host).install().start()


def with_unit_settings(runner, text):
    runner.host.write(f"/etc/systemd/system/{runner.unit}.d/test.conf", f"[Service]\n{text}")
    runner.host.run("systemctl daemon-reload")


def cgroup_of(runner):
    """What the files of the unit's cgroup and systemd say, as one flat table."""
    table = {}
    for line in runner.host.run(["sh", "-ec", READ, runner.unit]).stdout.splitlines():
        name, shown, number = line.partition("=")
        if shown and name.isalpha():  # a property
            if number.isdigit():  # else [not set]
                table[name] = int(number)
        else:
            table.update(numbers_of(*line.split(":", 1)))
    return table


def numbers_of(name, text):
    """The numbers in one line of a cgroup's file, by a name for each."""
    words = text.split()
    if name == "io.stat":  # the guest has one disk
        return {f"io.{key}": int(value) for key, value in (word.split("=") for word in words[1:])}
    if name.endswith(".pressure"):
        return {f"{name}.{words[0]}": int(words[-1].removeprefix("total=")) / 1e6}
    return {name if len(words) == 1 else f"{name}.{words[0]}": int(words[-1])}


def differences(before, metrics, after, runner):
    """Every value of the agent's that does not lie between two readings around it. Counters: in
    the span itself. Memory: within 2 % of it, since pages come and go in between."""
    def own(name, **labels):
        return metrics.value(name, runner=runner.name, **labels)

    pairs = [
        (own("paws_runner_cpu_seconds_total"), "cpu.stat.usage_usec", 1e-6, 0),
        (own("paws_runner_cpu_seconds_total"), "CPUUsageNSec", 1e-9, 0),
        (own("paws_runner_memory_bytes"), "memory.current", 1, 0.02),
        (own("paws_runner_memory_bytes"), "MemoryCurrent", 1, 0.02),
        (own("paws_runner_memory_peak_bytes"), "memory.peak", 1, 0),
        (own("paws_runner_pids"), "pids.current", 1, 0),
        (own("paws_runner_pids"), "TasksCurrent", 1, 0),
        (own("paws_runner_io_read_bytes_total"), "io.rbytes", 1, 0),
        (own("paws_runner_io_read_bytes_total"), "IOReadBytes", 1, 0),
        (own("paws_runner_io_written_bytes_total"), "io.wbytes", 1, 0),
        (own("paws_runner_io_written_bytes_total"), "IOWriteBytes", 1, 0),
        (own("paws_runner_oom_kills_total"), "memory.events.oom_kill", 1, 0),
    ]
    for resource, kind in (("cpu", "some"), ("memory", "some"), ("memory", "full"),
                           ("io", "some"), ("io", "full")):
        pairs.append((own("paws_runner_pressure_seconds_total", resource=resource, kind=kind),
                      f"{resource}.pressure.{kind}", 1, 0))
    for value, key, unit, slack in pairs:
        if key.startswith("IO") and key not in before:
            continue  # systemd says [not set] until there was some
        if key.startswith("io.") and not key.startswith("io.pressure"):
            before, after = {key: 0, **before}, {key: 0, **after}  # no line in io.stat: none yet
        low, high = sorted((before[key] * unit, after[key] * unit))
        if value is None or not low * (1 - slack) - 1e-6 <= value <= high * (1 + slack) + 1e-6:
            yield key, low, value, high


def agree(agent, runner):
    """Compares at one moment: the facts shown must be taken between the two readings."""
    found = None
    for _ in range(8):
        began = float(runner.host.run("date +%s.%N").stdout)
        before = cgroup_of(runner)
        ready = float(runner.host.run("date +%s.%N").stdout)
        metrics = agent.metrics()
        after = cgroup_of(runner)
        if metrics.taken() < ready:
            continue
        found = list(differences(before, metrics, after, runner))
        if not found:
            print(f"equal between two readings {time.time() - began:.1f} s apart: {after}")
            return metrics, after
    raise AssertionError(f"they differ: {found}")


def test_the_hardened_unit_runs(host, agent):
    assert host.show(UNIT, "ActiveState", "User") == {"ActiveState": "active", "User": "paws-agent"}
    pid = agent.pid()
    assert host.read(f"/proc/{pid}/oom_score_adj").strip() == "-500"
    assert host.read(f"/proc/{pid}/cgroup").strip() == f"0::/paws.slice/{UNIT}"
    assert "CapEff:\t0000000000000000" in host.read(f"/proc/{pid}/status")
    slice_of = "/sys/fs/cgroup/paws.slice"
    limits = {f"{slice_of}/memory.min": str(32 << 20), f"{slice_of}/cpu.weight": "200",
              f"{slice_of}/io.weight": "default 200",
              f"{slice_of}/{UNIT}/memory.high": str(160 << 20),
              f"{slice_of}/{UNIT}/memory.max": str(256 << 20), f"{slice_of}/{UNIT}/pids.max": "128"}
    assert {path: host.read(path).strip() for path in limits} == limits
    agent.wait_for_collectors()


def test_the_hardened_actions_look_into_a_closed_home(host, agent):
    """By this kernel's word on their capabilities and on where they may write."""
    runner = closed_runner(host, "closed").start()
    agent.wait_for_state(runner.name, "idle")
    host.wait_for(lambda: agent.may_look_into(runner.name), 60, "its directories are open")
    handed_over = host.messages("-t", "paws-open")
    assert handed_over and handed_over[-1].startswith(f"done: handed over of {runner.root}: root diag")
    host.run(["systemctl", "start", f"paws-inspect@{runner.name}.service"])
    found = json.loads(host.read(f"/run/paws-inspect/{runner.name}.json"))
    assert json.loads(found["settings"].lstrip("\ufeff"))["agentName"] == "closed" and found["directory_bytes"]["diag"] > 0
    assert any(program["path"].endswith("/Runner.Listener") for program in found["programs"]), found
    runner.stop()


def test_what_a_runner_uses_is_what_its_cgroup_says(host, agent):
    runner = RunnerUnit(host, "usage").install()
    with_unit_settings(runner, "IOAccounting=yes\nCPUAccounting=yes\n")
    runner.start()
    agent.wait_for_state(runner.name, "idle")
    agree(agent, runner)
    runner.tell("job eat=96M write=16M steps=3 600 Succeeded")
    agent.wait_for_state(runner.name, "busy")
    host.wait_for(lambda: cgroup_of(runner).get("io.wbytes", 0) >= 16 * MIB, 60, "it has written")
    metrics, group = agree(agent, runner)
    assert metrics.value("paws_runner_memory_bytes", runner=runner.name) > 96 * MIB
    assert metrics.value("paws_runner_memory_peak_bytes", runner=runner.name) > 96 * MIB
    # bash, node, listener, worker and its three steps
    assert metrics.value("paws_runner_pids", runner=runner.name) == group["pids.current"] == 7
    assert metrics.value("paws_runner_io_written_bytes_total", runner=runner.name) >= 16 * MIB
    host.kill(runner.worker(), "TERM")
    agent.wait_for_state(runner.name, "idle")
    metrics, _ = agree(agent, runner)
    assert metrics.value("paws_runner_memory_bytes", runner=runner.name) < 96 * MIB
    assert metrics.value("paws_runner_memory_peak_bytes", runner=runner.name) > 96 * MIB
    runner.stop()


def test_busy_processors_make_pressure(host, agent):
    runner = RunnerUnit(host, "pressure").install()
    with_unit_settings(runner, "IOAccounting=yes\nCPUQuota=20%\n")
    runner.start()
    agent.wait_for_state(runner.name, "idle")
    name = "paws_runner_pressure_seconds_total"
    labels = {"runner": runner.name, "resource": "cpu", "kind": "some"}
    before = agent.metrics().value(name, **labels)
    runner.tell("job burn 10 Succeeded")
    host.wait_for(lambda: agent.metrics().value(name, **labels) > before + 1, 30,
                  "a second of stalls")
    agent.wait_for_state(runner.name, "idle", 40)
    agree(agent, runner)
    runner.stop()


def test_an_oom_kill_is_counted(host, agent):
    runner = RunnerUnit(host, "greedy").install()
    with_unit_settings(runner, "MemoryMax=64M\nMemorySwapMax=0\nOOMPolicy=continue\n"
                               "IOAccounting=yes\n")
    runner.start()
    agent.wait_for_state(runner.name, "idle")
    before = agent.metrics()
    assert before.value("paws_runner_oom_kills_total", runner=runner.name) == 0
    runner.tell("job eat=200M 600 Succeeded")
    host.wait_for(lambda: agent.metrics().value("paws_runner_oom_kills_total",
                                                runner=runner.name) == 1, 60, "one OOM kill")
    metrics, _ = agree(agent, runner)
    assert (metrics.value("paws_host_oom_kills_total")
            == before.value("paws_host_oom_kills_total") + 1)
    runner.stop()


def test_a_unit_that_the_oom_killer_ended_says_so(host, agent):
    runner = RunnerUnit(host, "stopped-by-oom").install()
    with_unit_settings(runner, "MemoryMax=64M\nMemorySwapMax=0\n")  # OOMPolicy=stop by default
    runner.start()
    agent.wait_for_state(runner.name, "idle")
    runner.tell("job eat=200M 600 Succeeded")
    agent.wait_for_state(runner.name, "stopped", 60)
    host.wait_for(lambda: agent.runner(runner.name)["reason"].startswith("oom"), 30, "for memory")


def test_a_clock_that_steps_back_changes_no_state(host, agent):
    runner = RunnerUnit(host, "clock").install().start()
    agent.wait_for_state(runner.name, "idle")
    runner.tell("job over the step 20 Succeeded")
    agent.wait_for_state(runner.name, "busy")
    host.run("date --set='-1 hour'")
    try:
        stepped = float(host.run("date +%s.%N").stdout)
        host.wait_for(lambda: stepped <= agent.metrics().taken() < stepped + 600, 30,
                      "the facts carry the new time")
        assert agent.metrics().state(runner.name) == "busy"
        shown = agent.runner(runner.name)
        assert all(one["age_seconds"] is None or one["age_seconds"] >= 0
                   for one in shown["evidence"]), shown
        agent.wait_for_state(runner.name, "idle", 60)
        metrics = agent.metrics()
        assert metrics.value("paws_runner_jobs_total", runner=runner.name, result="succeeded") == 1
        assert metrics.value("paws_runner_job_duration_seconds_sum", runner=runner.name) >= 0
        runner.tell("job after the step 1 Failed")
        host.wait_for(lambda: agent.metrics().value("paws_runner_jobs_total", runner=runner.name,
                                                    result="failed") == 1, 30, "jobs count on")
        agent.wait_for_collectors()
    finally:
        host.run("date --set='+1 hour'")
    runner.stop()
