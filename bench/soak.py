#!/usr/bin/env python3
"""What the agent holds after an hour, compressed: the ticks and scrapes of an hour, jobs that come and go,
and lines shipped to a Loki, as fast as they go. PSS is to be flat once all has been seen once.
Adds "soak" to build/bench.json.
Usage: ./dev bench soak [--hours 1] [--strict]
"""

import argparse
import json
import os
import re
import sys
import tempfile
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
sys.path[:0] = [str(ROOT / "tests/support")]
os.environ.setdefault("PAWS_BUILD", str(ROOT / "build/release"))

from agent_process import AgentProcess  # noqa: E402  the path above leads to these
from fake_loki import FakeLoki  # noqa: E402
from journal_feed import JournalFeed  # noqa: E402
from local_runner import LocalRunner  # noqa: E402

TICKS = 720  # an hour of one in five seconds; here a line of the runner brings each forward
PARTS = 10
LARGEST_GROWTH = 1.05  # from the second part's end to the last one's
CONFIG = """
[[runners.static]]
name = "{name}"
root = "{root}"
unit = "{unit}"

[journal]
directory = "{journal}"

[logs]
loki_url = "{url}"
batch_wait = "100ms"
"""


def pss_kib(pid):
    return int(re.search(r"^Pss: +(\d+) kB", Path(f"/proc/{pid}/smaps_rollup").read_text(), re.M)[1])


def soak(hours):
    readings = []
    with tempfile.TemporaryDirectory() as work, JournalFeed(Path(work) / "journal") as feed, \
            FakeLoki() as loki, LocalRunner(Path(work) / "runner", feed) as runner, \
            AgentProcess(CONFIG.format(name=runner.name, root=runner.root, unit=runner.unit,
                                       journal=feed.directory, url=loki.url)) as agent:
        runner.start()
        for part in range(PARTS):
            for tick in range(TICKS * hours // PARTS):
                taken = agent.metrics().taken()
                feed.write(f"line {part} {tick} " + "x" * 80, _SYSTEMD_UNIT="load.service")
                runner.tell("say something")
                while agent.metrics().taken() == taken:
                    time.sleep(0.02)
                if tick % 36 == 0:
                    runner.tell(f"job number {part * 1000 + tick} 1 Succeeded")
            readings.append(pss_kib(agent.pid))
            print(f"{(part + 1) * hours * 60 / PARTS:5.0f} min  PSS {readings[-1] / 1024:6.2f} MiB")
        jobs = agent.metrics().sum("paws_runner_jobs_total", runner=runner.name)
        lines = agent.metrics().value("paws_logs_entries_sent_total")
    return {"hours": hours, "pss_kib": readings, "jobs": jobs, "lines": lines,
            "growth": readings[-1] / readings[1]}


def main():
    options = argparse.ArgumentParser(description=__doc__,
                                      formatter_class=argparse.RawDescriptionHelpFormatter)
    options.add_argument("--hours", type=int, default=1)
    options.add_argument("--strict", action="store_true", help="fail when PSS has grown")
    given = options.parse_args()
    result = soak(given.hours)
    flat = result["growth"] <= LARGEST_GROWTH
    print(f"{result['jobs']:.0f} jobs; PSS grew to {result['growth']:.3f} of what it was after two parts:"
          f" {'flat' if flat else 'NOT FLAT'} (at most {LARGEST_GROWTH})")
    file = ROOT / "build/bench.json"
    figures = json.loads(file.read_text()) if file.exists() else {}
    file.write_text(json.dumps({**figures, "soak": result}, indent=1) + "\n")
    return 1 if given.strict and not flat else 0


if __name__ == "__main__":
    sys.exit(main())
