"""A host that is booted again: its lines reach Loki, its runner's past is known, all by itself."""

import pytest

from agent_unit import UNIT, AgentUnit, boot
from fake_loki import FakeLoki
from nspawn import in_network_of
from runner_unit import RunnerUnit

PORT = 3100
LOGS = f'[logs]\nloki_url = "http://127.0.0.1:{PORT}"\nbatch_wait = "100ms"\n'
LINES = 200


@pytest.fixture(scope="module")
def host():
    with boot("reboot", reboots=True) as host:
        yield host


def loki_of(host):
    """One in the host's network, which each boot makes anew."""
    return in_network_of(host.leader, lambda: FakeLoki(address=("127.0.0.1", PORT)))


def said(loki, unit):
    return [row.line for row in loki.held() if f'unit="{unit}"' in row.labels
            and row.line.startswith("line ")]


def chat(host, unit):
    host.run(["systemd-run", "--wait", f"--unit={unit}", "sh", "-c",
              f"for n in $(seq {LINES}); do echo line $$n; done"])


def test_a_boot_loses_no_line_and_no_job(host):
    every_line = [f"line {number}" for number in range(1, LINES + 1)]
    agent = AgentUnit(host).install()
    agent.configure(LOGS)
    runner = RunnerUnit(host, "rebooted").install(FAKE_RELAUNCH_MS="300").start()
    host.run(["systemctl", "enable", UNIT])

    def jobs(result):
        return agent.metrics().value("paws_runner_jobs_total", runner=runner.name, result=result)

    with loki_of(host) as loki:
        agent.start()
        agent.wait_for_state(runner.name, "idle")
        runner.tell("job before 1 Succeeded")
        host.wait_for(lambda: jobs("succeeded") == 1, 30, "its job is done")
        chat(host, "sent.service")
        host.wait_for(lambda: len(said(loki, "sent.service")) == LINES, 30, "its lines are there")
        host.wait_for(lambda: agent.metrics().value("paws_logs_entries_sent_total") >= len(loki.held()),
                      30, "the agent knows it")  # what it does not know to be there it sends again
    chat(host, "unsent.service")
    boots = host.run("cat /proc/sys/kernel/random/boot_id").stdout
    runner.tell("job cut 600 Succeeded")
    agent.wait_for_state(runner.name, "busy")

    host.reboot()

    assert host.run("cat /proc/sys/kernel/random/boot_id").stdout != boots
    with loki_of(host) as loki:
        agent.wait_for_state(runner.name, "idle")
        host.wait_for(lambda: len(said(loki, "unsent.service")) >= LINES, 30, "the rest is there")
        assert said(loki, "unsent.service") == every_line
        assert said(loki, "sent.service") == []
        chat(host, "after.service")
        host.wait_for(lambda: said(loki, "after.service") == every_line, 30, "what came after, too")
        ends = [row.line for row in loki.held() if f'unit="{UNIT}"' in row.labels]
        assert any(line.startswith("stopping") for line in ends), "its own last words"
    assert jobs("succeeded") == 1 and jobs("lost") + (jobs("canceled") or 0) == 1
    assert agent.metrics().value("paws_logs_journal_gaps_total") == 0
