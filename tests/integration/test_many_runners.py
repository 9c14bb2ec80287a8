"""100 runners on one host, each with its directory, processes and journal lines."""

import contextlib
import shutil
import time

from agent_process import AgentProcess
from journal_feed import JournalFeed
from local_runner import LocalRunner
from polling import wait_for
from recurring import config_of

RUNNERS = 100
BUSY = 10


def states(agent):
    return [own["state"] for own, value in agent.metrics().all("paws_runner_state") if value == 1]


def test_a_hundred_runners_are_told_apart(tmp_path):
    with contextlib.ExitStack() as stack:
        stack.callback(shutil.rmtree, tmp_path)  # ten megabytes each
        feed = stack.enter_context(JournalFeed(tmp_path / "journal"))
        runners = [stack.enter_context(LocalRunner(tmp_path / f"r{number}", feed, f"b{number:03}"))
                   for number in range(RUNNERS)]
        agent = stack.enter_context(AgentProcess(config_of(runners, feed)))
        for runner in runners:
            runner.start()
        wait_for(lambda: states(agent).count("idle") == RUNNERS, 120, "all are idle", every=0.5)
        for runner in runners[:BUSY]:
            runner.tell(f"job of {runner.short} 120 Succeeded")
        wait_for(lambda: (seen := states(agent)).count("busy") == BUSY
                 and seen.count("idle") == RUNNERS - BUSY, 60, f"{BUSY} are busy", every=0.5)
        for runner in runners[:BUSY]:
            assert agent.runner(runner.name)["job"]["name"] == f"of {runner.short}"
        slowest = max(scrape_seconds(agent) for _ in range(5))
        print(f"slowest of 5 scrapes with new facts: {slowest * 1e3:.1f} ms")


def scrape_seconds(agent):
    time.sleep(1.05)  # facts older than 1 s are looked up anew
    began = time.monotonic()
    agent.get("/metrics")
    return time.monotonic() - began
