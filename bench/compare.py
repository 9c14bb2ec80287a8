#!/usr/bin/env python3
"""Compares paws-agent with Debian's node_exporter and process_exporter on this host, in one run.

All three are scraped in turn, every 1.05 s, the way Prometheus scrapes, beside 150 and beside
2,000 processes that do nothing. Writes build/bench.json and prints every figure with its target.
Usage: ./dev bench [--seconds 60] [--processes 150 2000]
"""

import argparse
import contextlib
import dataclasses
import gzip
import http.client
import json
import os
import pathlib
import platform
import re
import socket
import statistics
import subprocess
import sys
import time

ROOT = pathlib.Path(__file__).resolve().parent.parent
WORK = ROOT / "build" / "bench"
INTERVAL = 1.05  # above the second for which the agent serves one snapshot
BURST = 1000
NODE_COLLECTORS = ["cpu", "loadavg", "meminfo", "pressure", "filesystem", "diskstats", "netdev",
                   "vmstat", "stat", "timex"]
# What Prometheus 2.42 sends.
HEADERS = {
    "Accept": "application/openmetrics-text;version=1.0.0,application/openmetrics-text;"
              "version=0.0.1;q=0.75,text/plain;version=0.0.4;q=0.5,*/*;q=0.1",
    "Accept-Encoding": "gzip",
    "User-Agent": "Prometheus/2.42.0",
}
SNAPSHOT_TIME = re.compile(rb"^paws_agent_snapshot_timestamp_seconds (\S+)", re.MULTILINE)


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def process_cpu_seconds(pid):
    """CPU of all threads, those that ended too: the kernel's process clock (clock_getcpuclockid)."""
    return time.clock_gettime((~pid << 3) | 2)


def task_cpu_seconds(pid):
    """CPU of the threads alive now, from their schedstat: a check on the clock above."""
    total = 0
    for task in pathlib.Path(f"/proc/{pid}/task").iterdir():
        with contextlib.suppress(FileNotFoundError):
            total += int((task / "schedstat").read_text().split()[0])
    return total / 1e9


def memory_bytes(pid):
    rollup = pathlib.Path(f"/proc/{pid}/smaps_rollup").read_text()
    kib = {key: int(value) for key, value in re.findall(r"^(Rss|Pss): +(\d+) kB", rollup, re.MULTILINE)}
    return {"rss_bytes": kib["Rss"] * 1024, "pss_bytes": kib["Pss"] * 1024}


def quantile(values, fraction):
    ordered = sorted(values)
    return ordered[min(len(ordered) - 1, int(fraction * len(ordered)))]


@dataclasses.dataclass
class Round:
    latencies: list = dataclasses.field(default_factory=list)
    snapshots: list = dataclasses.field(default_factory=list)
    bytes: int = 0


class Exporter:
    """A program that serves /metrics on a port of its own, ended by its pid."""

    def __init__(self, name, command, port):
        self.name = name
        self.log = open(WORK / f"{name}.log", "wb")
        self.process = subprocess.Popen(command, cwd=ROOT, stdin=subprocess.DEVNULL,
                                        stdout=self.log, stderr=self.log)
        self.pid = self.process.pid
        self.connection = http.client.HTTPConnection("127.0.0.1", port, timeout=30)
        self._wait_until_it_answers()

    def _wait_until_it_answers(self):
        for _ in range(100):
            if self.process.poll() is not None:
                break
            with contextlib.suppress(OSError):
                self.scrape(Round())
                return
            self.connection.close()
            time.sleep(0.1)
        self.end()
        sys.exit(f"bench: {self.name} does not answer; see {WORK / self.name}.log")

    def scrape(self, into):
        started = time.perf_counter()
        self.connection.request("GET", "/metrics", headers=HEADERS)
        answer = self.connection.getresponse()
        body = answer.read()
        into.latencies.append(time.perf_counter() - started)
        if answer.status != 200:
            raise RuntimeError(f"{self.name} answered {answer.status}")
        text = gzip.decompress(body) if answer.headers["Content-Encoding"] == "gzip" else body
        into.bytes = len(text)
        if found := SNAPSHOT_TIME.search(text):
            into.snapshots.append(float(found[1]))

    def cpu(self):
        return process_cpu_seconds(self.pid), task_cpu_seconds(self.pid)

    def end(self):
        self.process.terminate()
        try:
            self.process.wait(10)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()
        self.log.close()


def start_agent():
    port = free_port()
    config = WORK / "agent.toml"
    config.write_text(f'[agent]\nstate_dir = "{WORK}/state"\nruntime_dir = "{WORK}/runtime"\n'
                      f'[web]\nlisten = ["127.0.0.1:{port}"]\n')
    program = ROOT / "build" / "release" / "bin" / "paws-agent"
    return Exporter("paws-agent", [program, "--config", config], port)


def start_node_exporter():
    port = free_port()
    return Exporter("node_exporter", [
        "prometheus-node-exporter", f"--web.listen-address=127.0.0.1:{port}",
        "--collector.disable-defaults", *(f"--collector.{name}" for name in NODE_COLLECTORS)], port)


def start_process_exporter():
    port = free_port()
    config = WORK / "process_exporter.yml"
    config.write_text('process_names:\n  - name: "{{.Comm}}"\n    cmdline: [".+"]\n')
    return Exporter("process_exporter", [
        "prometheus-process-exporter", f"-web.listen-address=127.0.0.1:{port}",
        "-config.path", config], port)


@contextlib.contextmanager
def sleepers(count):
    started = []
    try:
        for _ in range(count):
            started.append(subprocess.Popen(["sleep", "3600"], stdin=subprocess.DEVNULL))
        yield
    finally:
        for sleeper in started:
            sleeper.kill()
        for sleeper in started:
            sleeper.wait()


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


def measure(processes, seconds):
    print(f"with {processes} other processes: {seconds} s, a scrape every {INTERVAL} s", flush=True)
    with contextlib.ExitStack() as stack:
        stack.enter_context(sleepers(processes))
        exporters = []
        for start in (start_agent, start_node_exporter, start_process_exporter):
            exporters.append(start())
            stack.callback(exporters[-1].end)
        paced(exporters, 5)  # warm: first reads, allocator, Go's first collections
        figures = paced(exporters, seconds)
        agent, node, process = exporters
        figures[agent.name]["burst"] = burst(agent)
        figures[node.name]["burst"] = burst(node)
        for exporter in exporters:
            figures[exporter.name] |= memory_bytes(exporter.pid)
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
    cpuinfo = pathlib.Path("/proc/cpuinfo").read_text()
    model = re.search(r"^model name\s*: (.*)", cpuinfo, re.MULTILINE)
    return {"cpu": model[1] if model else platform.machine(), "cpus": os.cpu_count(),
            "kernel": platform.release(), "load": os.getloadavg()[0],
            "processes": sum(entry.name.isdigit() for entry in pathlib.Path("/proc").iterdir())}


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--seconds", type=int, default=60)
    parser.add_argument("--processes", type=int, nargs="+", default=[150, 2000])
    parser.add_argument("--strict", action="store_true", help="fail when a target is missed")
    options = parser.parse_args()
    WORK.mkdir(parents=True, exist_ok=True)

    here = machine()
    print(f"{here['cpus']} x {here['cpu']}, Linux {here['kernel']}, load {here['load']:.2f}, "
          f"{here['processes']} processes")
    results = {}
    for processes in options.processes:
        results[processes] = measure(processes, options.seconds)
        print_table(results[processes])
    met = [(what, measured, bound, measured <= bound) for what, measured, bound in targets(results)]
    for what, measured, bound, holds in met:
        print(f"  {'ok    ' if holds else 'MISSED'} {what}: {measured:.4g} (at most {bound:.4g})")
    (ROOT / "build" / "bench.json").write_text(json.dumps({
        "machine": here, "interval_seconds": INTERVAL, "seconds": options.seconds,
        "beside_processes": results,
        "targets": [dict(zip(("what", "measured", "bound", "met"), row)) for row in met]}, indent=2) + "\n")
    return 1 if options.strict and not all(row[3] for row in met) else 0


if __name__ == "__main__":
    sys.exit(main())
