#!/usr/bin/env python3
"""Compares paws-agent with Debian's node_exporter and process_exporter, side by side in one run.

All three are services of one booted host that has four runners, two of them in a job. They are
scraped in turn, every 1.05 s, the way Prometheus scrapes, beside 150 and beside 2,000 processes that
do nothing. Writes build/bench.json and prints every figure with its target.
Usage: ./dev bench [--seconds 60] [--processes 150 2000] [--runners 4] [--strict]
"""

import argparse
import contextlib
import json
import os
import platform
import re
import statistics
import sys
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
sys.path[:0] = [str(ROOT / "tests/support"), str(ROOT / "tests/system")]

import project  # noqa: E402  the paths above lead to these
from agent_unit import USER, AgentUnit, boot  # noqa: E402
from broker import Broker  # noqa: E402
from exporters import SERVERS, Agent, Exporter, NodeExporter, ProcessExporter, Round  # noqa: E402
from runner_unit import RunnerUnit  # noqa: E402

INTERVAL = 1.05  # above the second for which the agent serves one snapshot
BURST = 1000
BYSTANDERS = "bystanders.service"


def quantile(values, fraction):
    ordered = sorted(values)
    return ordered[min(len(ordered) - 1, int(fraction * len(ordered)))]


@contextlib.contextmanager
def runners(host, broker, count):
    """Runners with all their processes, connected to GitHub; every other one runs a job."""
    started = []
    for number in range(count):
        runner = RunnerUnit(host, f"build-{number:02}").install(FAKE_BROKER=broker.endpoint).start()
        if number % 2 == 1:
            runner.tell("job build (ubuntu, gcc-13) 86400 Succeeded")
        started.append(runner)
    yield started
    for runner in started:
        host.run(["systemctl", "kill", "--signal=KILL", runner.unit], check=False)


@contextlib.contextmanager
def bystanders(host, count):
    host.run(["systemd-run", "--quiet", "--collect", f"--unit={BYSTANDERS}", "-p", "TasksMax=infinity",
              "sh", "-c", f"for n in $(seq {count}); do sleep 86400 & done; wait"], timeout=60)
    host.wait_for(lambda: int(host.run(["pgrep", "-c", "-x", "sleep"], check=False).stdout) >= count,
                  60, f"{count} processes are there")
    yield
    host.run(["systemctl", "stop", BYSTANDERS], timeout=60)


def paced(exporters, seconds):
    """Scrapes each exporter every INTERVAL; gives its figures."""
    count = int(seconds / INTERVAL)
    rounds = {exporter.name: Round() for exporter in exporters}
    before = {exporter.name: exporter.cpu() for exporter in exporters}
    # The same order in each turn: who changed places would be asked again before its second is over.
    for _ in range(count):
        due = time.monotonic() + INTERVAL
        for exporter in exporters:
            exporter.scrape(rounds[exporter.name])
        time.sleep(max(0.0, due - time.monotonic()))
    figures = {}
    for exporter in exporters:
        after, tasks_after = exporter.cpu()
        taken = rounds[exporter.name]
        figures[exporter.name] = {
            "scrapes": count,
            "cpu_ms_per_scrape": (after - before[exporter.name][0]) / count * 1e3,
            "task_cpu_ms_per_scrape": (tasks_after - before[exporter.name][1]) / count * 1e3,
            "p50_ms": statistics.median(taken.latencies) * 1e3,
            "p99_ms": quantile(taken.latencies, 0.99) * 1e3,
            "answer_bytes": taken.bytes,
        }
        if taken.snapshots:
            figures[exporter.name]["snapshots"] = len(set(taken.snapshots))
    return figures


def burst(exporter):
    """BURST scrapes without a pause: most are served from one snapshot."""
    taken = Round()
    before, _ = exporter.cpu()
    for _ in range(BURST):
        exporter.scrape(taken)
    after, _ = exporter.cpu()
    return {"scrapes": BURST, "snapshots": len(set(taken.snapshots)),
            "cpu_ms_per_scrape": (after - before) / BURST * 1e3,
            "p50_ms": statistics.median(taken.latencies) * 1e3,
            "p99_ms": quantile(taken.latencies, 0.99) * 1e3}


def measure(host, processes, seconds):
    print(f"beside {processes} other processes: {seconds} s, a scrape every {INTERVAL} s", flush=True)
    with contextlib.ExitStack() as stack:
        stack.enter_context(bystanders(host, processes))
        exporters: list[Exporter] = []
        for program in (Agent, NodeExporter, ProcessExporter):
            exporters.append(program(host).start())
            stack.callback(exporters[-1].stop)
        paced(exporters, 5)  # warm: first reads, allocator, Go's first collections
        figures = paced(exporters, seconds)
        agent, node, _ = exporters
        for exporter in (agent, node):
            figures[exporter.name]["burst"] = burst(exporter)
        for exporter in exporters:
            figures[exporter.name] |= exporter.memory()
        return figures


def print_table(figures):
    print(f"  {'':18}{'CPU/scrape':>12}{'p50':>10}{'p99':>10}{'RSS':>11}{'PSS':>11}{'answer':>9}")
    for name, one in figures.items():
        print(f"  {name:18}{one['cpu_ms_per_scrape']:9.3f} ms{one['p50_ms']:7.2f} ms{one['p99_ms']:7.2f} ms"
              f"{one['rss_bytes'] / 2**20:7.1f} MiB{one['pss_bytes'] / 2**20:7.1f} MiB"
              f"{one['answer_bytes'] / 1000:6.1f} kB")
        if "burst" in one:
            fast = one["burst"]
            served = f" from {fast['snapshots']} snapshot(s)" if fast["snapshots"] else ""
            print(f"    burst of {fast['scrapes']} scrapes{served}: {fast['cpu_ms_per_scrape']:.3f} ms CPU each, "
                  f"p50 {fast['p50_ms']:.2f} ms, p99 {fast['p99_ms']:.2f} ms")


def targets(results):
    """(what, measured, bound): met when measured <= bound."""
    cpu = {}
    for processes, figures in results.items():
        agent, node, process = (figures[name] for name in
                                ("paws-agent", "node_exporter", "process_exporter"))
        cpu[processes] = agent["cpu_ms_per_scrape"]
        both = node["cpu_ms_per_scrape"] + process["cpu_ms_per_scrape"]
        beside = f"beside {processes} processes"
        yield f"CPU per scrape / node_exporter's, {beside}", cpu[processes] / node["cpu_ms_per_scrape"], 1.0
        yield f"CPU per scrape / both exporters', {beside}", cpu[processes] / both, \
            1 / 100 if processes >= 2000 else 1 / 15
        yield f"p99 / node_exporter's p50, {beside}", agent["p99_ms"] / node["p50_ms"], 1.0
        yield f"p99 / process_exporter's p50, {beside}", agent["p99_ms"] / process["p50_ms"], 1.0
        yield f"PSS in MiB after {BURST} scrapes, {beside}", agent["pss_bytes"] / 2**20, 12.0
        yield f"scrapes without a new snapshot, {beside}", agent["scrapes"] - agent["snapshots"], 0
    if len(cpu) > 1:
        few, many = min(cpu), max(cpu)
        yield f"CPU per scrape beside {many} / beside {few} processes", cpu[many] / cpu[few], 1.2


def machine():
    cpuinfo = Path("/proc/cpuinfo").read_text()
    model = re.search(r"^model name\s*: (.*)", cpuinfo, re.MULTILINE)
    return {"cpu": model[1] if model else platform.machine(), "cpus": os.cpu_count(),
            "kernel": platform.release(), "load": os.getloadavg()[0]}


def compare(host, options):
    AgentUnit(host).install()
    results = {}
    with Broker(host) as broker, runners(host, broker, options.runners):
        for processes in options.processes:
            results[processes] = measure(host, processes, options.seconds)
            print_table(results[processes])
        print("one round of each collector, on the same host:", flush=True)
        done = host.run_as(USER, ["/srv/bin/bench_collectors", "--benchmark_color=false"], timeout=300)
        print(done.stdout)
    return results


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--seconds", type=int, default=60)
    parser.add_argument("--processes", type=int, nargs="+", default=[150, 2000])
    parser.add_argument("--runners", type=int, default=4)
    parser.add_argument("--strict", action="store_true", help="fail when a target is missed")
    options = parser.parse_args()

    here = machine()
    print(f"{here['cpus']} x {here['cpu']}, Linux {here['kernel']}, load {here['load']:.2f}; "
          f"{options.runners} runners")
    # What bench_collectors links beside what the agent does, under Debian's name.
    benchmark = next(Path("/usr/lib").glob("*/libbenchmark.so.1debian"))
    binds = {project.CACHE / "servers/usr/bin": SERVERS, benchmark: f"/usr/lib/{benchmark.name}"}
    with boot("bench", binds) as host:
        results = compare(host, options)
    met = [(what, measured, bound, measured <= bound) for what, measured, bound in targets(results)]
    for what, measured, bound, holds in met:
        print(f"  {'ok    ' if holds else 'MISSED'} {what}: {measured:.4g} (at most {bound:.4g})")
    (ROOT / "build/bench.json").write_text(json.dumps({
        "machine": here, "runners": options.runners, "interval_seconds": INTERVAL,
        "seconds": options.seconds, "beside_processes": results,
        "targets": [dict(zip(("what", "measured", "bound", "met"), row)) for row in met]}, indent=2) + "\n")
    return 1 if options.strict and not all(row[3] for row in met) else 0


if __name__ == "__main__":
    sys.exit(main())
