"""Jobs and counters over restarts of the agent: the real agent, a real runner, a real journal.

The journal decides what is right: whatever happened to the agent, in the end each job that it tells
of is counted once, and has one record.
"""

import contextlib
import os
import random
import signal
import sqlite3
import subprocess
import sys
import time

from polling import Unmet, wait_for

PATIENCE = 30
RUN_FOR = 25  # seconds of killing


def counts(agent, runner):
    """By result, and by duration. Where a last line comes long after its worker has gone, as on a
    slow machine, the job counts as lost, which has none."""
    metrics = agent.metrics()
    return (metrics.sum("paws_runner_jobs_total", runner=runner.name),
            (metrics.value("paws_runner_job_duration_seconds_count", runner=runner.name) or 0)
            + metrics.sum("paws_runner_jobs_lost_total", runner=runner.name))


def wait_for_counts(agent, runner, count):
    wait_for(lambda: (seen := counts(agent, runner)) == (count, count) or Unmet(seen), PATIENCE,
             f"{count} jobs are counted")


def state_is(agent, runner, state):
    return lambda: agent.metrics().state(runner.name) == state


def history(agent, **words):
    answer = agent.ask("jobs", **words)
    assert answer["ok"], answer
    return answer["result"]["jobs"]


def run_job(agent, runner, title, seconds=1, result="Succeeded"):
    runner.tell(f"job {title} {seconds} {result}")
    wait_for(lambda: any(job["name"] == title for job in history(agent)), PATIENCE, title)


def run_measured_job(agent, runner, title):
    """Its beginning was seen within a few seconds; else nothing is told of it, and there is another
    one. The name and its record."""
    for turn in range(3):
        name = f"{title}{turn}"
        run_job(agent, runner, name, 2)
        record = history(agent)[0]
        if record["usage"]["connect_errors"] is not None:
            return name, record
    raise AssertionError("the beginning of no job was seen in time")


def ended(runner):
    """How many jobs the runner has said to be over."""
    return sum(b" completed with result: " in line for line in runner.output.lines)


def meters(agent):
    """The running jobs of which the database knows what they took."""
    with contextlib.closing(
            sqlite3.connect(f"file:{database(agent)}?mode=ro", uri=True)) as reader:
        return [name for name, in reader.execute("SELECT name FROM meters")]


def database(agent):
    return agent.work / "state/paws.db"


def test_jobs_are_recorded_with_what_they_took(agent, runner):
    runner.start()
    wait_for(state_is(agent, runner, "idle"), PATIENCE, "idle")
    name, first = run_measured_job(agent, runner, "first, quick")
    run_job(agent, runner, "second", 1, "Failed")
    second = history(agent)[0]
    assert history(agent)[1] == first and first["name"] == name
    assert (first["runner"], first["result"]) == (runner.name, "succeeded")
    assert (second["result"], second["lost_reason"]) == ("failed", None)
    assert 1.5 <= first["duration_seconds"] <= 15
    assert first["usage"]["disk_low_bytes"] > 0
    assert first["usage"]["connect_errors"] == 0
    assert [job["name"] for job in history(agent, result="failed")] == ["second"]
    assert history(agent, since="24h", limit="1") == [second]
    assert history(agent, runner="no-such") == []
    shown = agent.pawsctl("jobs", "--runner", runner.short, "--result", "failed")
    assert shown.returncode == 0 and "second" in shown.stdout and "first" not in shown.stdout
    assert agent.pawsctl("jobs", "--result", "splendid").returncode == 64
    served = agent.get("/api/v1/jobs?limit=1")
    assert served.status == 200 and '"second"' in served.text
    assert agent.get("/api/v1/jobs?limit=0").status == 400


def test_an_agent_killed_at_any_moment_counts_each_job_once(agent, runner):
    runner.start()
    wait_for(state_is(agent, runner, "idle"), PATIENCE, "idle")
    chance = random.Random(7)
    told, end = 0, time.monotonic() + RUN_FOR
    while time.monotonic() < end:
        for _ in range(chance.randint(1, 3)):
            runner.tell(f"job number {told} 1 Succeeded")
            told += 1
            time.sleep(chance.uniform(0.3, 1.4))  # moments are what this is about
        agent.kill()
        time.sleep(chance.uniform(0, 0.7))
        agent.start(ready=chance.random() < 0.5)
    agent.kill()
    agent.start()
    run_job(agent, runner, "last", 1)
    printed = ended(runner)
    wait_for_counts(agent, runner, printed)
    recorded = [job["name"] for job in history(agent, limit="1000")]
    assert len(recorded) == printed and len(set(recorded)) == printed
    agent.kill()
    agent.start()
    wait_for_counts(agent, runner, printed)


def test_what_happened_while_no_agent_ran_is_counted(agent, runner):
    runner.start()
    wait_for(state_is(agent, runner, "idle"), PATIENCE, "idle")
    run_job(agent, runner, "before")
    agent.stop()
    runner.tell("job meanwhile 1 Succeeded")
    wait_for(lambda: ended(runner) == 2, PATIENCE, "it ended")
    agent.start()
    wait_for_counts(agent, runner, 2)
    assert {job["name"] for job in history(agent)} == {"before", "meanwhile"}


def begin_measured_job(agent, runner, title):
    """A job of a minute whose beginning was seen within a few seconds, as a starved machine may not:
    nothing is told of such a job, so there is another one."""
    for turn in range(3):
        name = f"{title}{turn}"
        runner.tell(f"job {name} 60 Succeeded")
        wait_for(state_is(agent, runner, "busy"), PATIENCE, "busy")
        wait_for(lambda: meters(agent) == [name], PATIENCE, "its beginning is saved")
        if running_usage(agent)["connect_errors"] is not None:
            return name
        end_job(runner)
        wait_for(state_is(agent, runner, "idle"), PATIENCE, "idle")
    raise AssertionError("the beginning of no job was seen in time")


def end_job(runner):
    os.kill(runner.worker(), signal.SIGTERM)


def running_usage(agent):
    return agent.ask("jobs")["result"]["running"][0]["usage"]


def suffers_one_error(agent):
    usage = running_usage(agent)
    return usage["connect_errors"] == 1 or Unmet(usage)


def test_a_job_is_measured_over_a_restart_of_the_agent(agent, runner):
    runner.start()
    wait_for(state_is(agent, runner, "idle"), PATIENCE, "idle")
    for title, end in (("stopped", agent.stop), ("killed", agent.kill)):
        name = begin_measured_job(agent, runner, title)
        time.sleep(0.2)  # what comes within 100 ms of "Running job" may be the rest of a job's name
        runner.tell("error lost")
        wait_for(lambda: suffers_one_error(agent), PATIENCE, "an error that it suffers")
        end()
        agent.start()
        wait_for(lambda: agent.ask("jobs")["result"]["running"], PATIENCE, "it runs on")
        end_job(runner)
        wait_for(lambda: any(job["name"] == name for job in history(agent)), PATIENCE, "it ended")
        usage = history(agent)[0]["usage"]
        assert usage["connect_errors"] == 1 and usage["disk_low_bytes"] > 0, usage


def test_a_database_that_is_deleted_is_begun_anew_and_counters_go_on(agent, runner):
    runner.start()
    wait_for(state_is(agent, runner, "idle"), PATIENCE, "idle")
    run_job(agent, runner, "one")
    for part in agent.work.glob("state/paws.db*"):
        part.unlink()
    run_job(agent, runner, "two")
    wait_for_counts(agent, runner, 2)
    assert "begun anew" in agent.log()
    wait_for(lambda: saved_jobs(agent, runner) == 2, PATIENCE, "the new one has the counters")
    agent.kill()
    agent.start()
    wait_for_counts(agent, runner, 2)


def saved_jobs(agent, runner):
    with contextlib.closing(
            sqlite3.connect(f"file:{database(agent)}?mode=ro", uri=True)) as reader:
        rows = reader.execute(
            "SELECT total(value) FROM counters WHERE runner = ? AND counter = 'jobs'",
            (runner.name,))
        return rows.fetchone()[0]


def test_a_damaged_database_is_set_aside(agent, runner):
    runner.start()
    wait_for(state_is(agent, runner, "idle"), PATIENCE, "idle")
    agent.stop()
    database(agent).write_bytes(b"nonsense" * 4096)
    agent.start()
    wait_for(lambda: agent.metrics().value("paws_agent_store_corruptions_total") == 1, PATIENCE,
             "it is counted")
    assert len(list(agent.work.glob("state/paws.db.corrupt-*"))) == 1
    assert "set aside" in agent.log()
    run_job(agent, runner, "after")
    wait_for_counts(agent, runner, 1)


def test_a_locked_database_hides_counters_and_stops_nothing(agent, runner):
    runner.start()
    wait_for(state_is(agent, runner, "idle"), PATIENCE, "idle")
    run_job(agent, runner, "one")
    wait_for(lambda: saved_jobs(agent, runner) == 1, PATIENCE, "it is saved")
    agent.stop()
    with locker(database(agent)):
        agent.start()
        wait_for(state_is(agent, runner, "idle"), PATIENCE, "idle")
        metrics = agent.metrics()
        assert metrics.value("paws_agent_collector_success", collector="store") == 0
        assert metrics.sum("paws_runner_jobs_total", runner=runner.name) == 0
        wait_for(lambda: "locked" in agent.pawsctl("status").stdout, PATIENCE, "it says why")
        runner.tell("job two 8 Succeeded")
        wait_for(state_is(agent, runner, "busy"), PATIENCE, "busy")
        wait_for(state_is(agent, runner, "idle"), PATIENCE, "idle")
    wait_for_counts(agent, runner, 2)
    assert {job["name"] for job in history(agent)} == {"one", "two"}
    wait_for(lambda: agent.metrics().value("paws_agent_collector_success", collector="store") == 1,
             PATIENCE, "it is saved")


class locker:
    """Another process that holds the database locked, readers too."""

    def __init__(self, path):
        self._path = path

    def __enter__(self):
        code = ("import sqlite3, sys; c = sqlite3.connect(sys.argv[1], isolation_level=None);"
                "c.execute('PRAGMA locking_mode=EXCLUSIVE'); c.execute('BEGIN EXCLUSIVE');"
                "print('held', flush=True); sys.stdin.read()")
        self._process = subprocess.Popen([sys.executable, "-c", code, self._path],
                                         stdin=subprocess.PIPE, stdout=subprocess.PIPE)
        assert self._process.stdout.readline() == b"held\n"

    def __exit__(self, *_):
        self._process.stdin.close()
        self._process.wait(10)
        self._process.stdout.close()


def test_a_reload_of_the_collectors_keeps_the_counters(agent, runner):
    runner.start()
    wait_for(state_is(agent, runner, "idle"), PATIENCE, "idle")
    run_job(agent, runner, "one")
    drop_in = agent.work / "conf.d/zz.toml"
    drop_in.write_text("[collectors.load]\nenabled = false\n")
    os.kill(agent.pid, signal.SIGHUP)
    wait_for(lambda: "reload done" in agent.log(), PATIENCE, "the reload")
    run_job(agent, runner, "two")
    wait_for_counts(agent, runner, 2)


def test_a_place_in_the_journal_that_was_vacuumed_counts_what_is_left(agent, runner, feed):
    runner.start()
    wait_for(state_is(agent, runner, "idle"), PATIENCE, "idle")
    run_job(agent, runner, "one")
    wait_for(lambda: saved_jobs(agent, runner) == 1, PATIENCE, "it is saved")
    agent.stop()
    feed.vacuum()
    runner.tell("job two 1 Succeeded")
    wait_for(lambda: ended(runner) == 2, PATIENCE, "it ended")
    agent.start()
    # The wrapper's first line is gone: it is believed once the process table names it.
    wait_for_counts(agent, runner, 2)
