"""10,000 other processes: the runner is seen, and a scrape does not walk over them."""

import contextlib
import os
import subprocess
import time
from pathlib import Path

import project
from agent_process import AgentProcess
from journal_feed import JournalFeed
from local_runner import LocalRunner
from polling import wait_for
from recurring import config_of, wait_for_state

SLEEPERS = 10_000
# A shell's children, each waiting for the end of one pipe; in a pid namespace of their own, which
# ends with its first process.
SLEEP = """
exec 3<&0
left=$0
while [ "$left" -gt 0 ]; do
  read -r _ <&3 &
  left=$((left - 1))
done
echo ready
read -r _ <&3
"""


@contextlib.contextmanager
def sleepers(count):
    before = processes()
    as_root = [] if os.geteuid() == 0 else ["--map-root-user"]
    crowd = subprocess.Popen(
        ["unshare", *as_root, "--pid", "--fork", "--kill-child", "sh", "-c", SLEEP, str(count)],
        stdin=subprocess.PIPE, stdout=subprocess.PIPE)
    try:
        assert crowd.stdout.readline() == b"ready\n"
        wait_for(lambda: processes() > before + count * 0.9, 30, f"{count} processes sleep")
        yield
    finally:
        crowd.kill()
        crowd.wait(60)
        crowd.stdin.close()
        crowd.stdout.close()
        wait_for(lambda: processes() < before + count * 0.1, 60, "the sleepers are gone")


def processes():
    return sum(1 for entry in os.listdir("/proc") if entry.isdigit())


def cpu_seconds(pid):
    """CPU time of all threads, to the nanosecond."""
    total = 0
    for task in Path(f"/proc/{pid}/task").iterdir():
        total += int((task / "schedstat").read_text().split()[0])
    return total / 1e9


def cost_of_a_scrape(agent, rounds=6):
    """CPU seconds per scrape that carries new facts, the cheapest half of the rounds."""
    costs = []
    for _ in range(3 * rounds):
        time.sleep(1.05)  # a scrape asks for new facts only when they are older than 1 s
        taken, before = agent.metrics().taken(), cpu_seconds(agent.pid)
        time.sleep(1.05)
        if agent.metrics().taken() > taken:  # else this machine was too slow for it
            costs.append(cpu_seconds(agent.pid) - before)
        if len(costs) == rounds:
            return sum(sorted(costs)[:rounds // 2]) / (rounds // 2)
    raise AssertionError(f"only {len(costs)} of {3 * rounds} scrapes carried new facts")


def test_ten_thousand_processes_cost_nothing(tmp_path):
    with (JournalFeed(tmp_path / "journal") as feed, LocalRunner(tmp_path / "runner", feed) as runner,
          AgentProcess(config_of(runner, feed)) as agent):
        runner.start()
        wait_for_state(agent, runner.name, "idle")
        if project.is_sanitized():
            with sleepers(SLEEPERS):
                time.sleep(6)  # they are listed in this time
                assert agent.metrics().state(runner.name) == "idle"
            return
        alone = cost_of_a_scrape(agent)
        with sleepers(SLEEPERS):
            crowded = cost_of_a_scrape(agent)
            assert agent.metrics().state(runner.name) == "idle"
        print(f"CPU per scrape: alone {alone * 1e3:.2f} ms, among {SLEEPERS} processes "
              f"{crowded * 1e3:.2f} ms")
        # One walk over all of them costs ten times as much.
        assert crowded < alone * 3 + 0.001
