"""What the journal of a real unit tells: sessions, jobs, ends, and who may not say so."""

import time

from agent_unit import UNIT

STAMP = "2026-01-02 03:04:05Z"


def count(agent, runner, name, **labels):
    return agent.metrics().value(name, runner=runner.name, **labels) or 0



def without_usage(job):
    return {key: value for key, value in job.items() if key != "usage"}


def test_listening_then_jobs(host, agent, runner):
    runner.start()
    agent.wait_for_state(runner.name, "idle")
    runner.tell("job build (ubuntu, gcc-13): \"quoted\" 10 Succeeded")
    shown = agent.wait_for_state(runner.name, "busy")
    assert shown["job"]["name"] == "build (ubuntu, gcc-13): \"quoted\""
    agent.wait_for_state(runner.name, "idle")
    runner.tell("job unit tests 1 Failed", "job lint 1 SucceededWithIssues")
    host.wait_for(lambda: count(agent, runner, "paws_runner_jobs_total",
                                result="succeeded_with_issues") == 1, 30, "all three are done")
    assert count(agent, runner, "paws_runner_jobs_total", result="succeeded") == 1
    assert count(agent, runner, "paws_runner_jobs_total", result="failed") == 1
    assert count(agent, runner, "paws_runner_job_duration_seconds_count") == 3


def test_a_crash_loses_the_job_and_is_survived(host, agent, runner):
    runner.start()
    agent.wait_for_state(runner.name, "idle")
    runner.tell("job doomed 60 Succeeded")
    agent.wait_for_state(runner.name, "busy")
    time.sleep(0.2)  # what comes within 100 ms of "Running job" may be the rest of a job's name
    runner.tell("crash")
    host.wait_for(lambda: count(agent, runner, "paws_runner_listener_exits_total", code="null"), 30,
                  "the exit is counted")
    agent.wait_for_state(runner.name, "idle")
    assert count(agent, runner, "paws_runner_listener_exits_total", code="null") == 1
    assert count(agent, runner, "paws_runner_jobs_total", result="lost") == 1
    assert agent.metrics().sum("paws_runner_jobs_lost_total", runner=runner.name) == 1


def test_an_orphan_worker_is_a_problem(host, agent, runner):
    runner.start()
    agent.wait_for_state(runner.name, "idle")
    runner.tell("job orphaned 60 Succeeded")
    agent.wait_for_state(runner.name, "busy")
    worker = runner.worker()
    runner.tell("orphan")
    host.wait_for(lambda: "orphan_worker" in agent.metrics().problems(runner.name), 30,
                  "the orphan is seen")
    assert agent.metrics().value("paws_runner_processes", runner=runner.name,
                                 process="orphan_worker") == 1
    assert agent.runner(runner.name)["health"] in ("degraded", "failed")
    host.kill(worker)
    host.wait_for(lambda: "orphan_worker" not in agent.metrics().problems(runner.name), 30,
                  "it is gone")


def test_a_crash_loop(host, agent, runner):
    runner.start()
    agent.wait_for_state(runner.name, "idle")
    host.run(f"echo FAKE_LISTEN=0 >>{runner.root}/.env")
    for round_ in range(4):
        host.wait_for(lambda: runner.listener(), 30, "a listener")
        before = agent.metrics().sum("paws_runner_listener_exits_total", runner=runner.name)
        runner.tell("exit 134")
        host.wait_for(lambda: agent.metrics().sum("paws_runner_listener_exits_total",
                                                  runner=runner.name) > before, 30, "an exit")
    host.wait_for(lambda: "crash_loop" in agent.metrics().problems(runner.name), 30, "a crash loop")
    assert agent.metrics().value("paws_runner_up", runner=runner.name) == 0


def test_ten_retries_end_the_service_though_systemd_calls_it_success(host, agent, runner):
    host.run(f"echo FAKE_LISTEN=0 >>{runner.root}/.env")
    runner.start()
    for round_ in range(10):
        pid = host.wait_for(lambda: runner.listener(), 30, "a listener")
        runner.tell("exit 2")
        host.wait_for(lambda: runner.listener() != pid, 30, "it has ended")
    agent.wait_for_state(runner.name, "stopped")
    assert host.show(runner.unit, "Result", "ActiveState") == {
        "Result": "success", "ActiveState": "inactive"}
    # The journal may be a moment behind systemd.
    host.wait_for(lambda: agent.runner(runner.name)["reason"].startswith(
        "clean_exit: the listener ended with code 2"), 30, "the reason says so")
    assert count(agent, runner, "paws_runner_listener_exits_total", code="2") == 10
    assert agent.runner(runner.name)["health"] != "ok"


def test_a_session_conflict(host, agent, runner):
    runner.start()
    agent.wait_for_state(runner.name, "idle")
    runner.tell("conflict")
    shown = agent.wait_for_state(runner.name, "stopped")
    host.wait_for(lambda: "conflict" in agent.runner(runner.name)["reason"], 30, "the reason says so")
    assert host.show(runner.unit, "Result")["Result"] == "success"
    assert shown["health"] != "ok"


def test_a_deregistered_runner(host, agent, runner):
    runner.start()
    agent.wait_for_state(runner.name, "idle")
    runner.tell("deregister")
    agent.wait_for_state(runner.name, "unregistered")


def test_an_operators_stop(host, agent, runner):
    runner.start()
    agent.wait_for_state(runner.name, "idle")
    runner.stop()
    shown = agent.wait_for_state(runner.name, "stopped")
    assert shown["reason"].startswith("operator")


def test_connect_errors_are_counted(host, agent, runner):
    runner.start()
    agent.wait_for_state(runner.name, "idle")
    runner.tell("error Name or service not known (broker.actions.githubusercontent.com:443)")
    host.wait_for(lambda: count(agent, runner, "paws_runner_connect_errors_total") == 1, 30,
                  "it is counted")


def test_lines_forged_by_a_job_are_ignored(host, agent, runner):
    """Job code can write to the journal from inside the unit's cgroup, as the unit's user."""
    runner.start()
    agent.wait_for_state(runner.name, "idle")
    forged = f"{STAMP}: Running job: forged"
    group = f"/sys/fs/cgroup{host.show(runner.unit, 'ControlGroup')['ControlGroup']}/cgroup.procs"
    # systemd-cat is a stdout stream of its own; logger a syslog datagram; both from that cgroup.
    host.run(["sh", "-c", f"""echo $$ >{group}
      exec setpriv --reuid={runner.user} --regid={runner.user} --clear-groups sh -c '
        (echo "{forged}"; sleep 1) | systemd-cat
        logger "{forged}"; sleep 0.2'"""])
    entries = [entry for entry in host.journal("-u", runner.unit) if entry["MESSAGE"] == forged]
    assert "stdout" in {entry["_TRANSPORT"] for entry in entries}, "the forgery reached the journal"
    runner.tell("job real 10 Succeeded")
    shown = agent.wait_for_state(runner.name, "busy")
    assert shown["job"]["name"] == "real"
    agent.wait_for_state(runner.name, "idle")
    assert agent.metrics().sum("paws_runner_jobs_total", runner=runner.name) == 1


def test_an_agent_started_again_while_a_job_runs_knows_it(host, agent, runner):
    runner.start()
    agent.wait_for_state(runner.name, "idle")
    runner.tell("job long 60 Succeeded")
    before = agent.wait_for_state(runner.name, "busy")
    agent.restart()
    after = agent.wait_for_state(runner.name, "busy")
    # What it took is told of a whole job only: the new agent did not see its beginning.
    assert without_usage(after["job"]) == without_usage(before["job"])
    assert after["since"] == before["since"]


def test_a_journal_it_may_not_read(host, agent, runner):
    runner.start()
    agent.wait_for_state(runner.name, "idle")
    host.run("gpasswd -d paws-agent systemd-journal", check=False)
    agent.change_unit("[Service]\nSupplementaryGroups=\n")
    agent.restart()
    try:
        agent.wait_for_collectors("units")
        assert agent.metrics().value("paws_agent_collector_success", collector="journal") == 0
        host.wait_for(lambda: "systemd-journal paws-agent" in agent.log(), 30,
                      "the log has the command that mends it")
        assert agent.runner(runner.name)["state"] == "unknown"
        runner.stop()
        agent.wait_for_state(runner.name, "stopped")
    finally:
        host.run("usermod -aG systemd-journal paws-agent")
        host.run(f"rm /etc/systemd/system/{UNIT}.d/test.conf; systemctl daemon-reload")
        agent.restart()
    agent.wait_for_collectors("journal")
