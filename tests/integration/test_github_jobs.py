"""The agent asks GitHub for jobs: those that wait for its runner, and how long one had waited."""

import os
import signal
import time

import pytest

from agent_process import AgentProcess
from fake_github import Failure, FakeGithub
from polling import wait_for
from recurring import config_of

REPOSITORY = "/repos/acme/widgets"
TOKEN = "github_pat_fake0123456789"
SECTION = """
[github]
api_url = "{url}/api/v3"
ca_file = "{ca}"
interval = "1s"
token_file = "{token}"
jobs = {jobs}
"""
SOON = 40  # seconds; the agent looks once in five
LABELS = ["self-hosted", "linux", "production"]


def ago(seconds):
    return time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(time.time() - seconds))


@pytest.fixture
def github(tmp_path):
    with FakeGithub(tmp_path / "github", token=TOKEN) as github:
        github.add_runner(REPOSITORY, 42, "build-01", "online")
        yield github
        assert github.malformed == []


@pytest.fixture
def configured(runner, github, feed, tmp_path):
    """What the agent is told of the fake; the runner's settings name it."""
    settings = runner.root / ".runner"
    settings.write_bytes(settings.read_bytes().replace(b"github.com", github.host.encode()))
    token = tmp_path / "token"
    token.write_text(TOKEN)
    token.chmod(0o600)

    def text(jobs="true"):
        return config_of(runner, feed) + SECTION.format(
            url=github.url, ca=github.authority.file, token=token, jobs=jobs)
    return text


def told(agent, runner):
    return agent.ask("runner", name=runner.name)["result"]


def waiting(agent, runner):
    github = told(agent, runner)["github"]
    return github and github["waiting"] and github["waiting"]["job"]


def evidence(agent, runner):
    return "".join(one["value"] for one in told(agent, runner)["evidence"]
                   if one["fact"] == "waiting_job")


def error(agent):
    collectors = agent.ask("status")["result"]["agent"]["collectors"]
    return next(one["error"] or "" for one in collectors if one["name"] == "github_jobs")


def seconds_of_metric(agent, runner):
    return agent.metrics().value("paws_runner_waiting_job_seconds", runner=runner.name)


def test_a_job_that_waits_is_seen_and_then_taken(configured, runner, github):
    github.add_job(REPOSITORY, 7, status="queued", created_at=ago(900), labels=["self-hosted", "gpu"],
                   name="not for this one", runner_id=None)
    runner.start()
    with AgentProcess(configured()) as agent:
        wait_for(lambda: agent.metrics().state(runner.name) == "idle", SOON, "idle")
        wait_for(lambda: (told(agent, runner)["github"] or {}).get("waiting") == {"job": None}, SOON,
                 f"none waits; {error(agent)}")
        assert seconds_of_metric(agent, runner) == 0
        github.add_job(REPOSITORY, 8, status="queued", created_at=ago(400), labels=LABELS,
                       name="deploy", runner_id=None)
        wait_for(lambda: waiting(agent, runner), SOON, "a job waits")
        job = waiting(agent, runner)
        assert (job["run_id"], job["name"]) == (8, "deploy") and 400 <= job["seconds"] < 440
        assert seconds_of_metric(agent, runner) >= 400
        assert "deploy of run 8 has waited" in evidence(agent, runner)
        problem = agent.metrics().value("paws_runner_problem", runner=runner.name,
                                        problem="jobs_wait")
        assert problem == 0, "it is free for some seconds only"
        github.set_job(REPOSITORY, 8, status="in_progress", runner_id=42)
        wait_for(lambda: not waiting(agent, runner), SOON, "it was given to somebody")
        wait_for(lambda: not evidence(agent, runner), SOON, "nothing waits")


def test_it_is_not_asked_for_unless_configured(configured, runner, github):
    github.add_job(REPOSITORY, 8, status="queued", created_at=ago(400), labels=LABELS)
    with AgentProcess(configured(jobs="false")) as agent:
        wait_for(lambda: len(github.lists(REPOSITORY)) > 2, SOON, "lists of runners")
        assert told(agent, runner)["github"]["waiting"] is None
        assert not [one for one in github.requests if "/actions/runs" in one.target]


def test_a_credential_without_the_right_is_told_and_the_list_of_runners_goes_on(configured, runner,
                                                                                github):
    github.fail(Failure(403, "Resource not accessible by personal access token",
                        only="/actions/runs?"))
    with AgentProcess(configured()) as agent:
        wait_for(lambda: "'Actions: read' for jobs" in error(agent), SOON, error(agent))
        assert told(agent, runner)["github"]["registration"] == "online"
        assert told(agent, runner)["github"]["waiting"] is None
        assert seconds_of_metric(agent, runner) is None
        github.recover()
        wait_for(lambda: not error(agent), SOON, "it has the right now")


def test_how_long_a_job_had_waited_is_kept_with_it(configured, runner, github):
    with AgentProcess(configured()) as agent:
        runner.start()
        wait_for(lambda: agent.metrics().state(runner.name) == "idle", SOON, "idle")
        github.add_job(REPOSITORY, 1001, status="in_progress", created_at=ago(95), started_at=ago(5),
                       runner_id=42, labels=LABELS)
        runner.tell("job deploy 600 Succeeded")
        job = {}
        wait_for(lambda: job.update((agent.ask("jobs")["result"]["running"] or [{}])[0])
                 or job.get("usage", {}).get("queue_seconds"), SOON, "it is told while it runs")
        assert job["usage"]["queue_seconds"] == 90
        os.kill(runner.worker(), signal.SIGTERM)
        wait_for(lambda: agent.ask("jobs")["result"]["jobs"], SOON, "it is recorded")
        assert agent.ask("jobs")["result"]["jobs"][0]["usage"]["queue_seconds"] == 90
        why = agent.pawsctl("why", "1001")
        assert "queued   for 1 min before, by GitHub's clock" in why.stdout, why.stdout + why.stderr
