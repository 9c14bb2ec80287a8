"""pawsctl logs follow, in front of an agent that answers what a test wants."""

import contextlib
import json
import os
import re
import signal
import subprocess
import time
from pathlib import Path

import pytest

import project
from fake_agent import FakeAgent, refusal
from log_follower import FollowedLines, LogFollower, environment
from polling import wait_for
from pty_process import PtyProcess

PAUSED = json.loads((Path(__file__).parent / "screens/logs_paused.json").read_text())


def follow(agent, *arguments):
    return subprocess.run([project.binary("pawsctl"), "logs", "follow", *arguments],
                          capture_output=True, env=environment(agent.path), text=True, timeout=20,
                          stdin=subprocess.DEVNULL)


@contextlib.contextmanager
def following(lines, *arguments):
    with FakeAgent(lines) as agent, LogFollower(agent.path, *arguments) as one:
        wait_until_it_follows(agent)
        yield one


def wait_until_it_follows(agent):
    # Twice: it has the first answer then, and what is said now is new.
    wait_for(lambda: sum(verb == "logs_follow" for verb, _ in agent.asked) > 1, 30, "it asks again")


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_follow_shows_what_comes_from_now_on_until_it_is_ended(number):
    lines = FollowedLines()
    lines.say("of before")
    with following(lines) as one:
        lines.say("first", unit="docker.service")
        one.wait_for("first\n")
        lines.say("second", level="error", runner="acme-widgets.build-01")
        one.wait_for("second\n")
        assert one.end(number) == 0
        assert one.out == ("14:55:01.123  docker                 info      first\n"
                           "14:55:01.123  acme-widgets.build-01  error     second\n")
        assert one.err == ""


def test_follow_takes_each_line_once_and_filters():
    lines = FollowedLines()
    with following(lines, "--unit", "docker", "--level", "warning") as one:
        for number in range(20):
            lines.say(f"line {number}", level=("info", "warning")[number % 2],
                      unit=("docker.service", "cron.service")[number // 2 % 2])
            time.sleep(0.05)
        lines.say("last", level="critical", unit="docker.service")
        one.wait_for("last\n")
        shown = [row.split(maxsplit=3)[3] for row in one.out.splitlines()]
        assert shown == [f"line {number}" for number in (1, 5, 9, 13, 17)] + ["last"]


def test_follow_says_that_the_agents_numbers_begin_anew_and_goes_on():
    lines = FollowedLines()
    with following(lines) as one:
        for number in range(5):
            lines.say(f"old {number}")
        one.wait_for("old 4")
        lines.restart()
        lines.say("new 0")
        lines.say("new 1")
        one.wait_for("new 1")
        assert "new 0" in one.out
        assert "begun anew" in one.err
        lines.say("new 2")
        one.wait_for("new 2")
        assert one.out.count("new") == 3 and one.err.count("\n") == 1


def test_follow_waits_for_an_agent_that_is_away(tmp_path):
    lines = FollowedLines()
    path = tmp_path / "control.sock"
    with contextlib.ExitStack() as stack:
        with FakeAgent(lines, path) as agent:
            one = stack.enter_context(LogFollower(path))
            wait_until_it_follows(agent)
        one.wait_for_word("waiting for it")
        lines.restart()
        lines.say("after the restart")
        with FakeAgent(lines, path):
            one.wait_for("after the restart")
            assert "answers again" in one.err and one.err.count("waiting for it") == 1
            assert one.end() == 0


def test_follow_counts_what_came_too_fast():
    lines = FollowedLines()
    with following(lines) as one:
        lines.say("one")
        one.wait_for("one")
        lines.skip(400)
        lines.say("four hundred")
        one.wait_for("four hundred")
        assert "398 lines came too fast to be shown here" in one.err


def test_follow_ends_by_itself_after_its_time():
    with FakeAgent(FollowedLines()) as agent:
        began = time.monotonic()
        assert follow(agent, "--for", "700ms").returncode == 0
        assert 0.7 <= time.monotonic() - began < 15


def test_follow_as_json_is_one_object_a_line_without_control_characters():
    lines = FollowedLines()
    with following(lines, "--json") as one:
        lines.say("a\x1b[2J\r\n\u009b", unit="docker.service")
        lines.say("b")
        one.wait_for('"b"')
        rows = one.out.splitlines()
        assert len(rows) == 2 and not re.search("[\x00-\x09\x0b-\x1f\x7f-\x9f]", one.out)
        assert [json.loads(row)["number"] for row in rows] == [1, 2]
        assert json.loads(rows[0])["labels"] == \
            '{host="h", job="journal", level="info", unit="docker.service"}'


def test_follow_shows_no_control_characters_and_colours_a_terminal():
    lines = FollowedLines()
    with FakeAgent(lines) as agent:
        with PtyProcess([project.binary("pawsctl"), "logs", "follow"], 40,
                        PAWS_SOCKET=str(agent.path)) as terminal:
            wait_until_it_follows(agent)
            lines.say("\x1b]0;title\x07" + "x" * 100, level="error")
            shown = terminal.wait_for(b"x" * 100)
            assert b"\x1b[1;31merror\x1b[0m" in shown
            assert b"\x1b]" not in shown and b"\x07" not in shown
            terminal.type(b"\x03")
            assert terminal.finish() == 0


@pytest.mark.parametrize("speaks", [True, False], ids=["speaks", "silent"])
@pytest.mark.parametrize("ignored", ["", "trap '' PIPE; "], ids=["plain", "SIGPIPE ignored"])
def test_follow_ends_quietly_when_nobody_reads_on(speaks, ignored):
    lines = FollowedLines()
    with FakeAgent(lines) as agent:
        script = f"{ignored}{{ '{project.binary('pawsctl')}' logs follow; echo ended >&2; }} | head -1"
        shell = subprocess.Popen(["bash", "-c", script], env=environment(agent.path), text=True,
                                 stdout=subprocess.PIPE, stderr=subprocess.PIPE)
        wait_until_it_follows(agent)
        lines.say("one")
        for _ in range(5 if speaks else 0):
            time.sleep(0.2)
            lines.say("more")
        out, err = shell.communicate(timeout=30)
        assert out.endswith("one\n") and out.count("\n") == 1
        assert err == "ended\n"


def test_follow_dies_of_a_pipe_that_breaks_under_it_even_where_that_was_ignored():
    lines = FollowedLines()
    reader, writer = os.pipe()
    asked = []

    def answer(verb, arguments):
        asked.append(verb)
        if asked.count("logs_follow") == 2:
            os.close(reader)
            lines.say("nobody reads this")
        return lines(verb, arguments)
    with FakeAgent(answer) as agent:
        done = subprocess.run([project.binary("pawsctl"), "logs", "follow"], stdout=writer,
                              stderr=subprocess.PIPE, env=environment(agent.path), timeout=30,
                              restore_signals=False)  # Python ignores SIGPIPE
    os.close(writer)
    assert (done.returncode, done.stderr) == (-signal.SIGPIPE, b"")


def test_follow_where_nothing_is_shipped_does_not_wait():
    with FakeAgent(lambda *_: refusal("conflict", "set [logs] loki_url")) as agent:
        done = follow(agent)
        assert done.returncode == 2 and "set [logs] loki_url" in done.stderr


def test_follow_says_why_nothing_may_come():
    def answer(verb, _):
        return PAUSED if verb == "logs" else {"since": "x", "lines": []}
    with FakeAgent(answer) as agent:
        done = follow(agent, "--for", "100ms")
        assert done.returncode == 0
        assert "not shipped just now (paused); see: pawsctl logs status" in done.stderr


@pytest.mark.parametrize("arguments, said", [
    (["--level", "loud"], "'loud' is no level; there are critical, error, warning, info, debug"),
    (["--for", "soon"], "'soon' is no time; write 30s, 5m or 1h")])
def test_follow_refuses_what_it_does_not_know(arguments, said):
    with FakeAgent(FollowedLines()) as agent:
        done = follow(agent, *arguments)
        assert done.returncode == 64 and said in done.stderr
