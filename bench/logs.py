#!/usr/bin/env python3
"""What shipping logs costs, beside the cheapest way to read the same journal.

Drains a journal of 500,000 entries into a Loki that keeps nothing, with redaction on, and compares CPU
per line with the read floor (sd_journal_next and one pass over the fields, no more) and with syslog-ng; then
rests beside a quiet journal, and ships 1,000 lines a second into a Loki that notes when each line came.
Adds "logs" to build/bench.json and prints every figure with its target.
Usage: ./dev bench logs [--entries 500000] [--repeat 9] [--strict]
"""

import argparse
import contextlib
import datetime
import json
import os
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
sys.path[:0] = [str(ROOT / "tests/support"), str(ROOT / "bench")]
os.environ.setdefault("PAWS_BUILD", str(ROOT / "build/release"))

import journal_source  # noqa: E402  the paths above lead to these
import log_peer  # noqa: E402
from agent_process import AgentProcess  # noqa: E402
from fake_loki import FakeLoki  # noqa: E402
from journal_feed import JournalFeed  # noqa: E402

BIN = ROOT / "build/release/bin"
PEER = ROOT / "build/cache/peer"
PEER_ROUNDS = 3  # each takes as long as several of the others
CONFIG = """
[journal]
directory = "{journal}"

[logs]
loki_url = "{url}"
start = "{start}"
"""


def cpu_seconds(pid):
    """Of all threads, to the nanosecond."""
    total = 0
    for task in Path(f"/proc/{pid}/task").iterdir():
        with contextlib.suppress(OSError):
            total += int((task / "schedstat").read_text().split()[0])
    return total / 1e9


def anonymous_bytes(pid):
    lines = Path(f"/proc/{pid}/status").read_text().splitlines()
    return next(int(line.split()[1]) * 1024 for line in lines if line.startswith("RssAnon"))


@contextlib.contextmanager
def null_loki():
    with subprocess.Popen([BIN / "bench_null_loki"], stdin=subprocess.PIPE, stdout=subprocess.PIPE,
                          text=True) as loki:
        yield f"http://127.0.0.1:{loki.stdout.readline().strip()}"
        loki.stdin.close()


def floor(journal):
    done = subprocess.run([BIN / "bench_journal_floor", journal], check=True, capture_output=True, text=True)
    entries, seconds, _ = done.stdout.split()
    return int(entries), float(seconds)


def drain(journal, entries, url):
    """The agent ships all of the journal; its whole CPU counts, ticks of the collectors too."""
    # So that the last batch, which is never full, does not wait for a second.
    config = CONFIG.format(journal=journal, url=url, start="beginning") + 'batch_wait = "100ms"\n'
    with AgentProcess(config) as agent:
        begun = time.time()
        pid, peak, sent = agent.process.pid, 0, 0
        while sent < entries and time.time() - begun < 120:
            time.sleep(0.1)  # each look costs the agent an answer
            peak = max(peak, anonymous_bytes(pid))
            logs = json.loads(agent.get("/api/v1/logs").body)
            shipped, shipped_at, sent = logs["counts"], logs["last_push"], logs["counts"]["sent"]
        # The document is up to a second old; when the last push was taken it says to the millisecond.
        wall = datetime.datetime.fromisoformat(shipped_at).timestamp() - begun
        cpu = cpu_seconds(pid)
        assert sent == entries, f"{sent} of {entries} lines arrived"
        return {"wall_seconds": wall, "cpu_us_per_line": cpu / entries * 1e6,
                "lines_per_second": entries / wall, "peak_anonymous_bytes": peak,
                "wire_bytes_per_line": shipped["sent_bytes"] / entries}


def idle(seconds, url):
    """CPU of an agent that ships what comes, of which there is nothing, less that of one that ships not."""
    used = {}
    with tempfile.TemporaryDirectory() as work, JournalFeed(Path(work, "journal")) as feed:
        feed.write("the only line", _SYSTEMD_UNIT="one.service")
        for name, config in (("off", f'[journal]\ndirectory = "{feed.directory}"\n'),
                             ("on", CONFIG.format(journal=feed.directory, url=url, start="now"))):
            with AgentProcess(config) as agent:
                time.sleep(12)
                before = cpu_seconds(agent.process.pid)
                time.sleep(seconds)
                used[name] = (cpu_seconds(agent.process.pid) - before) / seconds
    return used


def lag(rate, seconds):
    """From a line's writing to its being in Loki."""
    sent = {}
    with tempfile.TemporaryDirectory() as work, JournalFeed(Path(work, "journal")) as feed, \
            FakeLoki() as loki:
        feed.write("before", _SYSTEMD_UNIT="one.service")
        time.sleep(0.5)
        with AgentProcess(CONFIG.format(journal=feed.directory, url=loki.url, start="now")) as agent:
            before, begun = cpu_seconds(agent.process.pid), time.monotonic()
            for step in range(seconds * 10):
                for number in range(rate // 10):
                    line = f"line {step * (rate // 10) + number}"
                    sent[line] = time.monotonic()
                    feed.write(line, _SYSTEMD_UNIT="one.service", SYSLOG_IDENTIFIER="one", _PID="77")
                time.sleep(max(0.0, begun + (step + 1) / 10 - time.monotonic()))
            cpu = (cpu_seconds(agent.process.pid) - before) / (time.monotonic() - begun)
            loki.wait_for_lines(len(sent), 30)
            loki.settle()
            arrived = []
            lines = iter(loki.held())
            for push in loki.counts.log:
                arrived += [(next(lines).line, push.at) for _ in range(push.lines)]
    spans = sorted(at - sent[line] for line, at in arrived)
    return {"lines": len(spans), "cpu_of_a_core": cpu, "p50_seconds": statistics.median(spans),
            "p99_seconds": spans[int(len(spans) * 0.99)], "slowest_seconds": spans[-1]}


def targets(figures):
    yield "CPU per line / read floor", figures["cpu_us_per_line"] / figures["floor_us_per_line"], 2.0
    yield "250,000 lines/s / those drained", 250_000 / figures["lines_per_second"], 1.0
    yield "peak RssAnon in MiB while draining", figures["peak_anonymous_bytes"] / 2**20, 24.0
    yield "idle CPU of shipping, share of a core", figures["idle"]["on"] - figures["idle"]["off"], 0.001
    yield "lag p99 in seconds at 1,000 lines/s", figures["lag"]["p99_seconds"], 2.0


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--entries", type=int, default=500_000)
    parser.add_argument("--repeat", type=int, default=9)
    parser.add_argument("--seconds", type=int, default=30, help="of rest, and of the steady stream")
    parser.add_argument("--users", action="store_true", help="lines of users, in files of their own")
    parser.add_argument("--strict", action="store_true", help="fail when a target is missed")
    options = parser.parse_args()

    journal = ROOT / "build/cache" / ("bench-journal-users" if options.users else "bench-journal")
    journal_source.make(journal, options.entries, options.users)
    floors, drains, peers = [], [], []
    with null_loki() as url:
        floor(journal)  # warm: the page cache
        for _ in range(options.repeat):  # in turns, so that a busy moment hits all
            entries, seconds = floor(journal)
            floors.append(seconds / entries * 1e6)
            drains.append(drain(journal, entries, url))
            if len(peers) < PEER_ROUNDS and log_peer.is_there(PEER):
                peers.append(log_peer.drain(PEER, journal, entries, url, cpu_seconds))
        figures = {key: statistics.median(one[key] for one in drains) for key in drains[0]}
        figures |= {"entries": entries, "floor_us_per_line": statistics.median(floors),
                    "ratio_of_each_round": " ".join(f"{drained['cpu_us_per_line'] / below:.2f}"
                                                    for below, drained in zip(floors, drains)),
                    "peer": {key: statistics.median(one[key] for one in peers) for key in (peers or [{}])[0]},
                    "idle": idle(options.seconds, url)}
    figures["lag"] = lag(1000, options.seconds)
    met = [(what, measured, bound, measured <= bound) for what, measured, bound in targets(figures)]
    print(json.dumps(figures, indent=2))
    if peers:
        of_floor = figures["peer"]["cpu_us_per_line"] / figures["floor_us_per_line"]
        print(f"  syslog-ng: CPU per line / read floor {of_floor:.2f}, "
              f"{figures['peer']['lines_per_second']:.0f} lines/s")
    for what, measured, bound, holds in met:
        print(f"  {'ok    ' if holds else 'MISSED'} {what}: {measured:.4g} (at most {bound:.4g})")
    file = ROOT / "build/bench.json"
    everything = json.loads(file.read_text()) if file.exists() else {}
    everything["logs"] = figures | {
        "load": os.getloadavg()[0],
        "targets": [dict(zip(("what", "measured", "bound", "met"), row)) for row in met]}
    file.write_text(json.dumps(everything, indent=2) + "\n")
    return 1 if options.strict and not all(row[3] for row in met) else 0


if __name__ == "__main__":
    sys.exit(main())
