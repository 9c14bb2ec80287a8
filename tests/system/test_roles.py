"""Who may ask what on the control socket, cell by cell: each verb by each kind of peer."""

import json
import re
import shlex

import pytest

import project
from agent_unit import SOCKET, USER
from job_code import JobCode
from runner_unit import RunnerUnit

ASK = f"""perl -MIO::Socket::UNIX -e '
my $s = IO::Socket::UNIX->new(Peer => "{SOCKET}") or die "no socket";
print $s "$ARGV[0]\\n"; $s->flush; print while <$s>'"""
ARGUMENTS = {
    "runner": {"name": "acme-widgets.asked"},
    "drain": {"runner": "acme-widgets.asked"},
    "hold": {"runner": "acme-widgets.asked", "seconds": 1, "note": "a test"},
    "resume": {"runner": "acme-widgets.asked"},
}
OPERATORS = ("root", "the daemon's user", "one of the group", "root in a runner's unit")
OTHERS = ("a stranger", "a job", "a job whose user is of the group", "the runner's user, logged in")


def verbs():
    """All that the agent knows."""
    text = (project.SOURCE / "agent/role.h").read_text()
    return re.findall(r'Permission\{Verb::\w+, "(\w+)"', text)


@pytest.fixture(scope="module")
def peers(host, agent):
    """How each kind of peer runs a command."""
    host.run(f"useradd stranger; useradd --groups {USER} member; "
             f"useradd --groups {USER} --create-home careless")
    runner = RunnerUnit(host, "asked").install(FAKE_RELAUNCH_MS="300").start()
    careless = RunnerUnit(host, "careless", user="careless").install(FAKE_RELAUNCH_MS="300").start()
    for one in (runner, careless):
        agent.wait_for_state(one.name, "idle")
    job, careless_job = JobCode(host, runner), JobCode(host, careless)
    as_root = JobCode(host, RunnerUnit(host, "asked", user="root"))
    return {
        "root": lambda code: host.run(code, check=False),
        "the daemon's user": lambda code: host.run_as(USER, code, check=False),
        "one of the group": lambda code: host.run_as("member", code, check=False),
        "root in a runner's unit": as_root.run,
        "a stranger": lambda code: host.run_as("stranger", code, check=False),
        "a job": job.run,
        "a job whose user is of the group": careless_job.run,
        "the runner's user, logged in": lambda code: host.run_as(runner.user, code, check=False),
    }


def answer(run, verb):
    request = {"version": 1, "verb": verb, "arguments": ARGUMENTS.get(verb, {})}
    done = run(f"{ASK} {shlex.quote(json.dumps(request))}")
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout.splitlines()[0])


def is_refused(said):
    return not said["ok"] and said["code"] == "denied"


def test_all_verbs_are_asked():
    assert len(verbs()) >= 10


@pytest.mark.parametrize("peer", OPERATORS)
def test_may_ask_all(peers, peer):
    for verb in verbs():
        if verb != "logs_follow":  # it goes on until the asker leaves
            assert not is_refused(answer(peers[peer], verb)), verb


@pytest.mark.parametrize("peer", OTHERS)
def test_may_ask_nothing(peers, peer):
    for verb in verbs():
        said = answer(peers[peer], verb)
        assert is_refused(said), (verb, said)
        assert "acme" not in json.dumps(said), "a refusal tells of nobody"
