"""A runner's life, with real processes and a real journal, as the agent tells it.

Without systemd no cgroup names the runner's processes: the agent lists /proc for them, at most
every five seconds, so what only processes tell is seen that much later.
"""

import os
import signal
import time

from polling import wait_for

LISTING = 30  # seconds; under five, and patience with the machine
LONG_ENOUGH = 15  # for a job to be listed


def state_is(agent, runner, state):
    return lambda: agent.metrics().state(runner.name) == state


def test_start_three_jobs_crash_and_orphan(agent, runner):
    name = runner.name
    runner.start(FAKE_RELAUNCH_MS="500")
    wait_for(state_is(agent, runner, "idle"), LISTING, "idle after Listening for Jobs")
    metrics = agent.metrics()
    assert metrics.value("paws_runner_up", runner=name) == 1
    assert metrics.value("paws_runner_busy", runner=name) == 0

    finished = {"succeeded": 0, "failed": 0, "canceled": 0}
    for result in ("Succeeded", "Failed", "Canceled"):
        title = f'build "{result}", step\u202e \\ {{x="y"}}'
        runner.tell(f"job {title} {LONG_ENOUGH} {result}")
        wait_for(state_is(agent, runner, "busy"), LISTING, f"busy with {title}")
        job = agent.runner(name)["job"]
        assert job["name"].startswith(f'build "{result}", step') and "\u202e" not in job["name"]
        wait_for(lambda: agent.metrics().value("paws_runner_processes", runner=name,
                                               process="worker") == 1, LISTING, "its worker")
        wait_for(state_is(agent, runner, "idle"), LONG_ENOUGH + LISTING, f"idle after {title}")
        finished[result.lower()] += 1
        for word, count in finished.items():
            assert agent.metrics().value("paws_runner_jobs_total", runner=name,
                                         result=word) == count
    assert agent.metrics().value("paws_runner_job_duration_seconds_count", runner=name) == 3
    took = agent.metrics().value("paws_runner_job_duration_seconds_sum", runner=name)
    assert 3 * LONG_ENOUGH - 1 <= took <= 6 * LONG_ENOUGH

    runner.tell("job long 60 Succeeded")
    wait_for(state_is(agent, runner, "busy"), LISTING, "busy again")
    time.sleep(0.2)  # a listener starts its worker first; what comes at once is the job's name
    runner.tell("crash")
    wait_for(lambda: agent.metrics().value("paws_runner_listener_exits_total", runner=name,
                                           code="null") == 1, LISTING, "the crash is counted")
    wait_for(state_is(agent, runner, "idle"), LISTING, "idle after the wrapper's relaunch")
    metrics = agent.metrics()
    assert metrics.value("paws_runner_jobs_total", runner=name, result="lost") == 1
    assert metrics.sum("paws_runner_jobs_lost_total", runner=name) == 1

    runner.tell("job left behind 120 Succeeded")
    wait_for(state_is(agent, runner, "busy"), LISTING, "busy once more")
    worker = runner.worker()
    runner.tell("orphan")
    wait_for(lambda: "orphan_worker" in agent.metrics().problems(name), LISTING, "the orphan is seen")
    assert agent.metrics().value("paws_runner_processes", runner=name, process="orphan_worker") == 1
    assert agent.metrics().value("paws_runner_health", runner=name, health="ok") == 0
    os.kill(worker, signal.SIGKILL)
    wait_for(lambda: "orphan_worker" not in agent.metrics().problems(name), LISTING,
             "the orphan is gone")


def test_a_stopped_runner_is_stopped(agent, runner):
    runner.start()
    wait_for(state_is(agent, runner, "idle"), LISTING, "idle")
    runner.stop()
    wait_for(state_is(agent, runner, "stopped"), LISTING, "stopped")
    assert agent.metrics().value("paws_runner_up", runner=runner.name) == 0


def test_an_agent_that_starts_again_knows_the_job_that_runs(agent, runner):
    runner.start()
    wait_for(state_is(agent, runner, "idle"), LISTING, "idle")
    runner.tell("job across a restart 120 Succeeded")
    wait_for(state_is(agent, runner, "busy"), LISTING, "busy")
    started = agent.runner(runner.name)["job"]["started"]
    agent.kill()
    agent.start()
    wait_for(state_is(agent, runner, "busy"), LISTING, "busy")
    job = agent.runner(runner.name)["job"]
    assert job["name"] == "across a restart" and job["started"] == started


def test_lines_of_other_processes_are_not_the_runners(agent, runner, feed):
    runner.start()
    wait_for(state_is(agent, runner, "idle"), LISTING, "idle")
    fields = {"_SYSTEMD_UNIT": runner.unit, "_SYSTEMD_INVOCATION_ID": runner.output.invocation}
    forged = "2026-01-02 03:04:05Z: Running job: forged"
    feed.write(forged, _PID=str(os.getpid()), _TRANSPORT="stdout", **fields)
    feed.write(forged, _PID=str(runner.listener()), _TRANSPORT="stdout", **fields)
    feed.write(forged, _PID=str(runner.main_pid()), _TRANSPORT="journal", **fields)
    runner.tell("job real 10 Succeeded")
    wait_for(state_is(agent, runner, "busy"), LISTING, "busy with the real one")
    assert agent.runner(runner.name)["job"]["name"] == "real"
    wait_for(state_is(agent, runner, "idle"), LISTING, "idle")
    assert agent.metrics().sum("paws_runner_jobs_total", runner=runner.name) == 1
