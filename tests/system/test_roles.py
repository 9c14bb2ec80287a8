"""Who may ask what on the control socket, cell by cell: each verb by each kind of peer."""

import json
import re
import shlex

import pytest

import project
from agent_unit import SOCKET, USER
from fake_loki import FakeLoki
from job_code import JobCode
from nspawn import in_network_of
from runner_unit import RunnerUnit

ASK = f"""perl -MIO::Socket::UNIX -e '
my $s = IO::Socket::UNIX->new(Peer => "{SOCKET}") or die "no socket";
print $s "$ARGV[0]\\n"; $s->flush; print while <$s>'"""
NAME = "acme-widgets.asked"
ARGUMENTS = {
    "runner": {"name": NAME},
    "logs_follow": {"after": 0},
    "drain": {"name": NAME},
    "hold": {"name": NAME, "by": "tests", "note": "a test", "for": "30m"},
    "resume": {"name": NAME, "by": "tests", "note": "a test", "force": True},
}
ASKS_FOR = {"runner": NAME, "unit": f"actions.runner.{NAME}.service"}
# What each answers.
GOOD = {
    "status": lambda result: NAME in [one["name"] for one in result["runners"]],
    "runner": lambda result: result["name"] == NAME,
    "jobs": lambda result: result["jobs"] == [],
    "config": lambda result: "[logs]" in result["text"],
    "logs": lambda result: result["configured"] is True,
    "logs_follow": lambda result: isinstance(result["lines"], list) and result["since"],
    "logs_test": lambda result: result["trial"] > 0 and result["running"] is True,
    "drain": lambda result: result == ASKS_FOR,
    "hold": lambda result: result == ASKS_FOR,
    "resume": lambda result: result == ASKS_FOR,
}
OPERATORS = ("root", "the daemon's user", "one of the group", "one whose own group it is", "root in a runner's unit")
OTHERS = ("a stranger", "a job", "a job in a cgroup below its unit's", "a job whose user is of the group",
          "a job whose user's own group it is", "another user in a runner's unit",
          "the daemon's user in a runner's unit", "the runner's user, logged in")


def verbs():
    """All that the agent knows."""
    text = (project.SOURCE / "agent/role.h").read_text()
    return re.findall(r'Permission\{Verb::\w+, "(\w+)"', text)


@pytest.fixture(scope="module")
def shipping(host, agent):
    """Where there is no Loki, the verbs of logs have no answer."""
    with in_network_of(host.leader, FakeLoki) as loki:
        agent.configure(f'[logs]\nloki_url = "{loki.url}"\n')
        agent.restart()
        yield


@pytest.fixture(scope="module")
def peers(host, agent, shipping):
    """How each kind of peer runs a command."""
    host.run(f"useradd stranger; useradd --groups {USER} member; useradd --gid {USER} native; "
             f"useradd --groups {USER} --create-home careless")
    runner = RunnerUnit(host, "asked").install(FAKE_RELAUNCH_MS="300").start()
    careless = RunnerUnit(host, "careless", user="careless").install(FAKE_RELAUNCH_MS="300").start()
    for one in (runner, careless):
        agent.wait_for_state(one.name, "idle")
    job, careless_job = JobCode(host, runner), JobCode(host, careless)

    def in_its_unit(user):
        return JobCode(host, RunnerUnit(host, "asked", user=user)).run

    def as_user(user):
        return lambda code: host.run_as(user, code, check=False)

    return {
        "root": lambda code: host.run(code, check=False),
        "the daemon's user": as_user(USER),
        "one of the group": as_user("member"),
        "one whose own group it is": as_user("native"),
        "root in a runner's unit": in_its_unit("root"),
        "a stranger": as_user("stranger"),
        "a job": job.run,
        "a job in a cgroup below its unit's": lambda code: job.run(code, below="deep/below"),
        "a job whose user is of the group": careless_job.run,
        "a job whose user's own group it is": in_its_unit("native"),
        "another user in a runner's unit": in_its_unit("stranger"),
        "the daemon's user in a runner's unit": in_its_unit(USER),
        "the runner's user, logged in": as_user(runner.user),
    }


def answer(run, verb):
    request = {"version": 1, "verb": verb, "arguments": ARGUMENTS.get(verb, {})}
    done = run(f"{ASK} {shlex.quote(json.dumps(request))}")
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout.splitlines()[0])


def test_all_verbs_are_asked():
    assert set(verbs()) == set(GOOD)


@pytest.mark.parametrize("peer", OPERATORS)
def test_may_ask_all(agent, peers, peer):
    agent.wait_for_state(NAME, "idle")
    for verb in verbs():
        said = answer(peers[peer], verb)
        assert said["ok"] and GOOD[verb](said["result"]), (verb, said)


@pytest.mark.parametrize("peer", OTHERS)
def test_may_ask_nothing(peers, peer):
    for verb in verbs():
        said = answer(peers[peer], verb)
        assert not said["ok"] and said["code"] == "denied", (verb, said)
        assert "acme" not in json.dumps(said), "a refusal tells of nobody"
