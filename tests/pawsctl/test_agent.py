"""pawsctl in front of the real agent, with a runner of real processes and journal lines."""

import json
import os
import subprocess

import pytest

import project
from agent_process import AgentProcess
from journal_feed import JournalFeed
from local_runner import LocalRunner
from polling import wait_for
from pty_process import PtyProcess
from recurring import config_of


@pytest.fixture(scope="module")
def runner(tmp_path_factory):
    directory = tmp_path_factory.mktemp("pawsctl")
    with JournalFeed(directory / "journal") as feed:
        with LocalRunner(directory / "runner", feed) as runner:
            runner.start()
            runner.feed = feed
            yield runner


@pytest.fixture(scope="module")
def agent(runner):
    with AgentProcess(config_of(runner, runner.feed)) as agent:
        wait_for(lambda: agent.runner(runner.name)["state"] == "idle", 30, "the runner is idle")
        yield agent


def test_status_fits_eighty_columns_and_its_exit_code_is_its_word(agent, runner):
    with PtyProcess([project.binary("pawsctl"), "status"], 80, 50, NO_COLOR="1",
                    PAWS_SOCKET=str(agent.socket)) as terminal:
        code = terminal.finish()
        lines = terminal.output.decode().splitlines()
    print("\n".join(lines))
    assert max(map(len, lines)) <= 80 and "\x1b" not in "".join(lines)
    words = {"all well": 0, "degraded": 1, "failed": 2, "unknown": 3}
    assert [code] == [number for word, number in words.items() if lines[0].startswith(word)]
    assert lines[0].endswith("1 runner: 1 idle")
    assert [line[:8].strip() for line in lines[2:6]] == ["host", "cpu", "memory", "waiting"]
    assert "not known" not in "\n".join(line for line in lines if line.startswith(("cpu", "mem")))
    assert any(line[2:].startswith(f"{runner.name} idle") for line in lines)


def test_json_is_the_agents_document(agent, runner):
    shown = json.loads(agent.pawsctl("status", "--json").stdout)
    assert list(shown) == ["version", "time", "host", "agent", "runners"]
    assert [one["name"] for one in shown["runners"]] == [runner.name]
    served = json.loads(agent.get("/api/v1/status").body)
    assert list(served) == list(shown)
    assert served["runners"][0].keys() == shown["runners"][0].keys()


def test_a_runner_is_listed_and_shown_by_each_of_its_names(agent, runner):
    assert agent.pawsctl("runners", "list", "--names").stdout == f"{runner.name}\n"
    for name in (runner.name, runner.short, runner.unit):
        shown = agent.pawsctl("runners", "show", name)
        assert shown.returncode == 0, shown.stderr
        assert f" {runner.name}, idle since " in shown.stdout.splitlines()[0]
        rows = dict(row.split(maxsplit=1) for row in shown.stdout.splitlines()[2:]
                    if not row.startswith(" "))
        assert rows["root"] == str(runner.root)
        assert "1 listener" in rows["processes"]
        assert rows["GitHub"].startswith(f"{runner.short}, of {runner.repository}")
    missed = agent.pawsctl("runners", "show", runner.name[:-1] + "9")
    assert missed.returncode == 64
    assert f"did you mean '{runner.name}'?" in missed.stderr


def test_a_job_is_seen_with_its_name(agent, runner):
    runner.tell("job build (gcc) \u202e 15 Succeeded")
    shown = wait_for(lambda: (text := agent.pawsctl("status").stdout) and "1 busy" in text and text, 30,
                     "the runner is busy")
    row = next(row for row in shown.splitlines() if " busy " in row)
    assert "build (gcc)" in row and "\u202e" not in row
    wait_for(lambda: "1 idle" in agent.pawsctl("status").stdout, 60, "the runner is idle again")
    shown = agent.pawsctl("runners", "show", runner.short).stdout
    assert "build (gcc)" in shown and "succeeded" in shown


def test_config_show_can_be_read_again(agent, tmp_path):
    shown = agent.pawsctl("config", "show")
    assert shown.returncode == 0, shown.stderr
    assert f"# from {agent.config}" in shown.stdout and f"# from {agent.drop_in}" in shown.stdout
    copy = tmp_path / "agent.toml"
    copy.write_text(shown.stdout)
    checked = agent.pawsctl("config", "check", str(copy))
    assert checked.returncode == 0, checked.stderr


def test_config_check_says_what_the_daemon_says(tmp_path):
    faulty = tmp_path / "agent.toml"
    faulty.write_text("[web]\nlisen = []\n")
    commands = ([project.binary("pawsctl"), "config", "check", faulty],
                [project.binary("paws-agent"), "--check-config", "--config", faulty])
    by_command, by_daemon = (subprocess.run(command, capture_output=True, text=True, timeout=20)
                             for command in commands)
    assert by_command.returncode == by_daemon.returncode == 78
    assert (by_command.stdout, by_command.stderr) == (by_daemon.stdout, by_daemon.stderr)
    assert f"{faulty}:2:1: [web] 'lisen' is not a setting; did you mean 'listen'?" in \
        by_command.stderr


def test_a_stranger_is_refused_in_the_agents_words(agent):
    if os.geteuid() != 0:
        pytest.skip("needs root to become somebody else")
    agent.work.chmod(0o755)
    with open(project.binary("pawsctl"), "rb") as program:
        refused = subprocess.run(
            ["setpriv", "--reuid=65534", "--regid=65534", "--clear-groups", "/proc/self/fd/0",
             "status", "--socket", agent.socket], stdin=program, capture_output=True, text=True,
            timeout=20)
    assert refused.returncode == 77, refused.stderr
    assert refused.stdout == ""
    assert len(refused.stderr.splitlines()) == 1 and "paws-agent" in refused.stderr
