#!/usr/bin/env python3
"""How soon the agent is of use on a booted host: from the package's installation to the first good scrape,
and from the start of its program to READY=1, with runners there. Adds "start" to build/bench.json.
Usage: ./dev bench start [--runners 4] [--starts 20] [--strict]
"""

import argparse
import json
import os
import statistics
import sys
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
sys.path[:0] = [str(ROOT / "tests/support"), str(ROOT / "tests/system")]
os.environ.setdefault("PAWS_BUILD", str(ROOT / "build/release"))

import project  # noqa: E402  the paths above lead to these
from agent_unit import UNIT, AgentUnit  # noqa: E402
from nspawn import BootedHost  # noqa: E402
from runner_unit import RunnerUnit  # noqa: E402

DEB = "/root/package.deb"
TIMES = {"program": "ExecMainStartTimestampMonotonic", "ready": "ActiveEnterTimestampMonotonic"}


def seconds_to_scrape(host, agent):
    begun = time.monotonic()
    host.run(["env", "DEBIAN_FRONTEND=noninteractive", "apt-get", "install", "--yes", DEB], timeout=120)
    host.wait_for(lambda: agent.get("/-/ready").status == 200, 30, "the agent is ready")
    assert agent.metrics().value("paws_host_cpus") > 0
    return time.monotonic() - begun


def milliseconds_to_ready(host, agent):
    agent.restart()
    told = host.show(UNIT, *TIMES.values())
    return (int(told[TIMES["ready"]]) - int(told[TIMES["program"]])) / 1000


def measure(runners, starts):
    package = next(iter((ROOT / "build/package").glob("*.deb")))
    with BootedHost("start", {project.build() / "bin": "/srv/bin",
                              ROOT / "tests/support": "/srv/support"}) as host:
        host.copy_in(package, DEB)
        agent = AgentUnit(host)
        for number in range(runners):
            RunnerUnit(host, f"bench-{number}").install(FAKE_RELAUNCH_MS="300").start()
        scrape = seconds_to_scrape(host, agent)
        ready = sorted(milliseconds_to_ready(host, agent) for _ in range(starts))
    return {"runners": runners, "install_to_scrape_seconds": scrape,
            "ready_ms": {"median": statistics.median(ready), "slowest": ready[-1]}}


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--runners", type=int, default=4)
    parser.add_argument("--starts", type=int, default=20)
    parser.add_argument("--strict", action="store_true", help="fail when a target is missed")
    options = parser.parse_args()

    figures = measure(options.runners, options.starts)
    targets = [("apt install to the first good scrape, s", figures["install_to_scrape_seconds"], 5.0),
               ("start to ready, ms, slowest", figures["ready_ms"]["slowest"], 300.0)]
    print(json.dumps(figures, indent=2))
    for what, measured, bound in targets:
        print(f"  {'ok    ' if measured <= bound else 'MISSED'} {what}: {measured:.4g} (at most {bound:.4g})")
    file = ROOT / "build/bench.json"
    everything = json.loads(file.read_text()) if file.exists() else {}
    everything["start"] = figures | {"load": os.getloadavg()[0], "targets": [
        {"what": what, "measured": measured, "bound": bound, "met": measured <= bound}
        for what, measured, bound in targets]}
    file.write_text(json.dumps(everything, indent=2) + "\n")
    return 1 if options.strict and any(measured > bound for _, measured, bound in targets) else 0


if __name__ == "__main__":
    sys.exit(main())
