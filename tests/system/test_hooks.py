"""A job's hooks on a booted host: the journal hears whose job it is, and no job suffers for it."""

import json
import time

import pytest

import image
from polling import Unmet

STARTED = "/usr/libexec/paws-agent/job-started.sh"
COMPLETED = "/usr/libexec/paws-agent/job-completed.sh"
SENDER = "hook-sender.service"


@pytest.fixture
def hooked(host, runner):
    """A runner whose hooks were installed by the command, as root does it."""
    host.run(["pawsctl", "runners", "hook", "install", "--root", runner.root, "--yes"])
    runner.start()
    return runner


def shown(host, runner):
    return json.loads(host.run(["pawsctl", "runners", "show", runner.name, "--json"]).stdout)


def identity(host, runner):
    return (shown(host, runner)["job"] or {}).get("identity")


def finished(host, runner, name):
    """The result of the last job of that name, once it is known."""
    jobs = [job for job in shown(host, runner)["jobs"] if job["name"] == name]
    return jobs[-1] if jobs else None


def test_the_hook_of_a_job_says_whose_it_is(host, agent, hooked):
    agent.wait_for_state(hooked.name, "idle")
    hooked.tell("job run=4711 15 Succeeded")
    found = host.wait_for(lambda: identity(host, hooked), 30, "the job has an identity")
    assert found == {"repository": "acme/widgets", "workflow": "CI", "job": "build",
                     "run_id": 4711, "run_attempt": 1}
    text = host.run(["pawsctl", "runners", "show", hooked.name]).stdout
    assert "acme/widgets run 4711" in text
    job = host.wait_for(lambda: finished(host, hooked, "run=4711"), 60, "the job has ended")
    assert job["result"] == "succeeded" and job["identity"] == found
    events = [entry["PAWS_EVENT"] for entry in
              host.journal("PAWS_RUN_ID=4711", f"_SYSTEMD_UNIT={hooked.unit}")]
    assert events == ["job-started", "job-completed"]


def test_a_job_that_ran_while_the_agent_was_down_is_known_afterwards(host, agent, hooked):
    agent.wait_for_state(hooked.name, "idle")
    agent.stop()
    try:
        hooked.tell("job run=100 1 Succeeded", "job run=101 60 Succeeded")
        host.wait_for(lambda: host.journal("PAWS_RUN_ID=101"), 30, "the hook has spoken")
    finally:
        agent.start()
    agent.wait_for_state(hooked.name, "busy")
    assert host.wait_for(lambda: identity(host, hooked), 30, "it is known")["run_id"] == 101
    assert finished(host, hooked, "run=100")["identity"]["run_id"] == 100


def test_200_of_200_entries_in_a_row_carry_the_unit(host, agent):
    """journald asks /proc who sent an entry: the sender must live until then."""
    loop = ("for n in $(seq 200); do GITHUB_REPOSITORY=a/b GITHUB_RUN_ID=$n "
            "pawsctl hook job-started; done")
    noise = "yes noise | head -n 200000"
    host.run(["systemd-run", "--quiet", "--unit=noise", "-p", "LogRateLimitIntervalSec=0",
              "sh", "-c", noise])
    try:
        host.run(["systemd-run", "--quiet", "--wait", f"--unit={SENDER}", "-p", f"User={image.RUNNER_USER}",
                  "-p", "LogRateLimitIntervalSec=0", "sh", "-c", loop], timeout=120)
    finally:
        host.run("systemctl stop noise", check=False)
    entries = host.journal("PAWS_REPOSITORY=a/b")
    assert [entry["PAWS_RUN_ID"] for entry in entries] == [str(n) for n in range(1, 201)]
    assert {entry.get("_SYSTEMD_UNIT") for entry in entries} == {SENDER}


def run_job(host, runner, name):
    """Runs a job of one second; how long its worker lived, in seconds. The quickest of three: what
    else this machine does is not its hooks'."""
    took = []
    for _ in range(3):
        begin = time.monotonic()
        runner.tell(f"job {name} 1 Succeeded")
        host.wait_for(runner.worker, 30, "the worker runs")
        host.wait_for(lambda: runner.worker() is None, 30, "the worker has ended")
        took.append(time.monotonic() - begin)
    return min(took)


def test_a_journald_that_hangs_delays_a_job_by_less_than_two_seconds_a_hook(host, agent, hooked):
    agent.wait_for_state(hooked.name, "idle")
    journald = host.main_pid("systemd-journald")
    host.kill(journald, "STOP")
    try:
        took = run_job(host, hooked, "run=200")
    finally:
        host.kill(journald, "CONT")
    assert 3 < took < 6, took  # two hooks; it did wait
    job = host.wait_for(lambda: finished(host, hooked, "run=200"), 30, "its lines came late")
    assert job["result"] == "succeeded"


def test_a_host_without_journald_or_pawsctl_fails_no_job(host, agent, hooked):
    agent.wait_for_state(hooked.name, "idle")
    host.run("mv /run/systemd/journal/socket /run/systemd/journal/away")
    try:
        assert run_job(host, hooked, "run=300") < 4
    finally:
        host.run("mv /run/systemd/journal/away /run/systemd/journal/socket")
    job = host.wait_for(lambda: finished(host, hooked, "run=300"), 30, "the job has ended")
    assert job["result"] == "succeeded" and job["identity"] is None


def test_the_hooks_are_installed_shown_and_removed_and_nothing_else_changes(host, agent, runner):
    agent.wait_for_state(runner.name, "stopped")
    before = host.run(["stat", "-c", "%U %G %a", f"{runner.root}/.env"]).stdout
    text = host.read(f"{runner.root}/.env")
    hook = ["pawsctl", "runners", "hook"]
    dry = host.run([*hook, "install", runner.name, "--dry-run"]).stdout
    assert f"+ ACTIONS_RUNNER_HOOK_JOB_STARTED={STARTED}" in dry
    assert host.read(f"{runner.root}/.env") == text
    assert host.run([*hook, "install", runner.name], check=False).returncode == 64  # no --yes
    done = host.run([*hook, "install", runner.name, "--yes"]).stdout
    assert f"systemctl restart {runner.unit}" in done
    added = (f"ACTIONS_RUNNER_HOOK_JOB_STARTED={STARTED}\n"
             f"ACTIONS_RUNNER_HOOK_JOB_COMPLETED={COMPLETED}\n")
    assert host.read(f"{runner.root}/.env") == text + added
    assert host.run(["stat", "-c", "%U %G %a", f"{runner.root}/.env"]).stdout == before
    states = json.loads(host.run([*hook, "show", runner.name, "--json"]).stdout)["hooks"]
    assert [one["state"] for one in states] == ["installed", "installed"]
    host.run([*hook, "remove", runner.name, "--yes"])
    assert host.read(f"{runner.root}/.env") == text
    assert host.run(f"ls -A {runner.root} | grep -c paws-", check=False).stdout.strip() == "0"


def test_an_env_that_is_a_link_or_holds_a_foreign_hook_is_left_alone(host, agent, runner):
    agent.wait_for_state(runner.name, "stopped")
    install = ["pawsctl", "runners", "hook", "install", runner.name, "--yes"]
    host.run(f"mv {runner.root}/.env {runner.root}/real; ln -s /etc/hostname {runner.root}/.env")
    refused = host.run(install, check=False)
    assert refused.returncode == 2 and "symlink" in refused.stderr, refused
    host.run(f"rm {runner.root}/.env; ln {runner.root}/real {runner.root}/.env")
    refused = host.run(install, check=False)
    assert refused.returncode == 2 and "other names" in refused.stderr, refused
    host.run(f"rm {runner.root}/.env")
    foreign = "ACTIONS_RUNNER_HOOK_JOB_STARTED=/opt/own.sh\n"
    host.write(f"{runner.root}/.env", foreign)
    refused = host.run(install, check=False)
    assert refused.returncode == 77 and "/opt/own.sh" in refused.stderr, refused
    assert host.read(f"{runner.root}/.env") == foreign


def test_without_hooks_the_runners_own_trace_tells_lease_and_job(host, agent, runner):
    runner.start()
    agent.wait_for_state(runner.name, "idle")
    runner.tell("job quiet 60 Succeeded")
    agent.wait_for_state(runner.name, "busy")
    found = host.wait_for(lambda: identity(host, runner), 30, "the job has an identity")
    assert (found["repository"], found["run_id"]) == ("acme/widgets", 1001)
    answer = shown(host, runner)
    lease = next(one for one in answer["evidence"] if one["fact"] == "lease")
    assert lease["value"] == "renewed by the listener" and lease["age_seconds"] < 40
    assert answer["trace"]["error"] is None
    assert "paws_runner_job_lease_seconds{" in agent.get("/metrics").text


def test_doctor_is_content_with_a_host_that_has_all_and_tells_what_it_has_not(host, agent, hooked):
    agent.wait_for_state(hooked.name, "idle")

    def checks():
        done = host.run("pawsctl doctor --json", check=False)
        assert done.returncode in (1, 2), done
        return {one["check"]: one for one in json.loads(done.stdout)["checks"]
                if one["subject"] in ("host", hooked.name)}

    well = ["agent", "user", "polkit", "cgroup v2", "processes", "unit", "runsvc.sh", "program", ".env",
            "hooks", "disk", "version"]
    found = host.wait_for(lambda: (seen := checks()) and all(
        seen[name]["verdict"] == "ok" for name in well) and seen or Unmet(seen), 30, "all is well")
    assert found["OOMPolicy"]["verdict"] == "degraded"
    host.run(["sh", "-ec", found["OOMPolicy"]["fix"]])
    assert checks()["OOMPolicy"]["verdict"] == "ok"
    host.run(f": >{hooked.root}/runsvc.sh; systemctl disable -q {hooked.unit}")
    found = checks()
    assert found["runsvc.sh"]["verdict"] == "failed"
    assert found["unit"]["verdict"] == "degraded"
    host.run(["sh", "-ec", found["unit"]["fix"]])
    assert checks()["unit"]["verdict"] == "ok"
    nobody = host.run_as("nobody", "pawsctl doctor --json", check=False)
    assert nobody.returncode in (2, 3)
    asked = {one["check"]: one for one in json.loads(nobody.stdout)["checks"]}
    assert asked["agent"]["verdict"] == "unknown"
