"""Shipping the traces of runners (_diag): record by record, over rotation and restarts, with the
job they are of.
"""

import collections
import contextlib
import re
import time

from fake_loki import FakeLoki
from log_ledger_check import ShippingAgent, counted, kept, shipping, wait_for_count
from polling import NotInTime, wait_for
from recurring import RUNNER

HEAD = re.compile(r"\[\d{4}-\d\d-\d\d \d\d:\d\d:\d\dZ (CRIT|ERR |WARN|INFO|VERB) ([^\]]*)\] ")
LEVELS = {"CRIT": "critical", "ERR ": "error", "WARN": "warning", "INFO": "info", "VERB": "debug"}


def config(feed, loki, *runners):
    return shipping(feed, loki.url) + "".join(
        RUNNER.format(name=name, root=root, unit=unit) for name, root, unit in runners)


def of_traces(loki):
    return [row for row in loki.held() if 'job="runner-diag"' in row.labels]


def console_of(loki, count):
    """What its unit has printed, once there is as much."""
    rows = [row for row in loki.held() if 'job="journal"' in row.labels]
    return len(rows) >= count and rows


def records_in(diag):
    """(file, level, text) of each record on the disk."""
    records = collections.Counter()
    for file in diag.glob("*-utc.log"):
        lines: list[tuple[str, str]] = []
        for line in file.read_text().splitlines():
            if found := HEAD.match(line):
                lines.append((LEVELS[found[1]], line))
            else:
                lines[-1] = (lines[-1][0], lines[-1][1] + "\n" + line)
        records.update((file.name, level, without_head(text)) for level, text in lines)
    return records


def without_head(text):
    return HEAD.sub("", text, count=1)


def held_records(loki):
    return collections.Counter(
        (row.metadata["file"], re.search('level="([a-z]+)"', row.labels)[1],
         without_head(row.line)) for row in of_traces(loki))


def check(loki, diag, timeout=30):
    with contextlib.suppress(NotInTime):
        wait_for(lambda: not records_in(diag) - held_records(loki), timeout, "every record")
    missing, extra = records_in(diag) - held_records(loki), held_records(loki) - records_in(diag)
    assert not missing, f"{missing.total()} are missing: {list(missing)[:3]}; {list(extra)[:3]}"
    assert not extra, f"{extra.total()} nobody wrote: {list(extra)[:3]}"
    print(f"{records_in(diag).total()} records in, {len(of_traces(loki))} out,"
          f" {loki.repeats} repeated")


def test_the_traces_of_a_runner_tell_their_runner_and_job(feed, runner):
    with FakeLoki() as loki, \
            ShippingAgent(config(feed, loki, (runner.name, runner.root, runner.unit))) as agent:
        runner.start()
        wait_for(lambda: agent.metrics().state(runner.name) == "idle", 30, "idle")
        runner.tell("job one, with words 2 Succeeded")
        wait_for(lambda: agent.ask("jobs")["result"]["jobs"], 30, "the job")
        runner.tell("job two 2 Failed")
        wait_for(lambda: len(agent.ask("jobs")["result"]["jobs"]) == 2, 30, "both")
        runner.kill()
        check(loki, runner.root / "_diag")
        assert all(f'runner="{runner.name}"' in row.labels for row in of_traces(loki))
        names = collections.Counter(row.metadata.get("job_name") for row in of_traces(loki)
                                    if row.metadata["file"].startswith("Worker_"))
        print(names)
        assert set(names) == {"one, with words", "two"}
        known = {(job["name"], (job["identity"] or {}).get("repository"))
                 for job in agent.ask("jobs")["result"]["jobs"]}
        assert known == {(row.metadata["job_name"], row.metadata.get("repository"))
                         for row in of_traces(loki) if "job_name" in row.metadata}
        console = wait_for(lambda: console_of(loki, len(runner.output.lines)), 30, "its lines")
        assert {row.line for row in console} == {line.decode() for line in runner.output.lines}
        assert len(console) == len(runner.output.lines)
        assert {"one, with words", "two"} <= {row.metadata.get("job_name") for row in console}
        assert counted(agent, "dropped_total") == 0


def test_records_that_come_in_pieces_over_rotation_and_kills(feed, tmp_path):
    diag = tmp_path / "plain" / "_diag"
    diag.mkdir(parents=True)
    old = diag / "Runner_20200102-030405-utc.log"
    old.write_text("[2020-01-02 03:04:05Z INFO Listener] long before\n")
    with FakeLoki() as loki, \
            ShippingAgent(config(feed, loki, ("plain", diag.parent, "plain.service"))) as agent:
        wait_for(lambda: kept(agent, "SELECT 1 FROM log_traces"), 30, "it has looked")
        number, base = 0, time.time() + 1
        for file in range(5):
            for kind in ("Runner", "Worker"):
                at = time.gmtime(base + file)
                path = diag / f"{kind}_{time.strftime('%Y%m%d-%H%M%S', at)}-utc.log"
                with open(path, "a", buffering=1) as out:
                    for _ in range(60):
                        number += 1
                        stamp = time.strftime("%Y-%m-%d %H:%M:%SZ", time.gmtime())
                        level = ("INFO", "WARN", "ERR ", "VERB")[number % 4]
                        out.write(f"[{stamp} {level} Part{number % 3}] record {number}\n")
                        if number % 5 == 0:
                            out.write(f"  at line {number}\n\n  and {{\n")
                            out.flush()
                            time.sleep(0.01)
                            out.write("  }\n")
            agent.kill()
            agent.start(ready=False)
            time.sleep(0.4)
        old.unlink()
        check(loki, diag)
        wait_for_count(agent, 0, "dropped_total")
        assert all('runner="plain"' in row.labels for row in of_traces(loki))
