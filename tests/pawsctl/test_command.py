"""pawsctl as people and scripts meet it, in front of an agent that answers what a test wants."""

import json
import os
import re
import subprocess
import threading
import time
from pathlib import Path

import pytest

import project
from fake_agent import FakeAgent, line, refusal, result
from pty_process import PtyProcess

SCREENS = Path(__file__).parent / "screens"
EXIT_CODES = {"healthy": 0, "no_runners": 0, "degraded": 1, "failed": 2, "stopped": 2,
              "missing_facts": 3, "stale": 3, "hostile": 2}
COLOUR = re.compile(rb"\x1b\[[0-9;]*m")
VERBS = [[], ["status"], ["runners"], ["runners", "list"], ["runners", "show"],
         ["runners", "drain"], ["runners", "hold"], ["runners", "resume"], ["jobs"], ["why"],
         ["logs"], ["logs", "status"], ["logs", "test"], ["logs", "follow"],
         ["runners", "hook"], ["runners", "hook", "install"], ["runners", "hook", "remove"],
         ["runners", "hook", "show"], ["hook"], ["hook", "job-started"], ["hook", "job-completed"],
         ["doctor"], ["config"],
         ["config", "check"], ["config", "show"], ["completion"], ["completion", "bash"],
         ["completion", "zsh"], ["completion", "fish"]]


def pawsctl(*arguments, socket=None, timeout=20, **environment):
    """Runs it away from any terminal; bytes, as they came."""
    clean = {name: value for name, value in os.environ.items()
             if name not in ("COLUMNS", "NO_COLOR", "PAWS_SOCKET")}
    if socket is not None:
        clean["PAWS_SOCKET"] = str(socket)
    return subprocess.run([project.binary("pawsctl"), *map(str, arguments)], capture_output=True,
                          env={**clean, "LC_ALL": "C.UTF-8", **environment},
                          stdin=subprocess.DEVNULL, timeout=timeout)


def document(name):
    return json.loads((SCREENS / f"{name}.json").read_text())


def answering(name):
    """An agent whose status is that of a golden screen, and which knows its runners."""
    status = document(name)

    def answer(verb, arguments):
        if verb == "status":
            return status
        if verb == "runner":
            for runner in status["runners"]:
                if arguments["name"] in (runner["name"], runner["agent_name"]):
                    return {**runner, "time": status["time"], "version": "2.336.0"}
            return refusal("not_found", f"no runner {arguments['name']}")
        return refusal("usage", "no such verb")
    return FakeAgent(answer)


def one_sentence(done):
    assert done.stdout == b""
    lines = done.stderr.decode().splitlines()
    assert len(lines) == 1 and lines[0].startswith("pawsctl: "), done.stderr
    return lines[0]


@pytest.mark.parametrize("name", EXIT_CODES)
def test_status_shows_the_golden_screen_and_exits_by_it(name):
    with answering(name) as agent:
        done = pawsctl("status", socket=agent.path, COLUMNS="80")
        assert done.stdout.decode() == (SCREENS / f"{name}.txt").read_text()
        assert done.returncode == EXIT_CODES[name]
        assert done.stderr == b""
        assert agent.asked == [("status", {})]


def test_a_pipe_gets_no_escape_codes_and_nothing_cut():
    with answering("hostile") as agent:
        done = pawsctl("status", socket=agent.path, TERM="xterm")
        assert b"\x1b" not in done.stdout
        assert b"x" * 120 + b"-tail-07" in done.stdout


def test_a_locale_without_utf8_gets_ascii():
    with answering("hostile") as agent:
        done = pawsctl("status", socket=agent.path, COLUMNS="80", LC_ALL="C")
        assert done.stdout.decode("ascii") == (SCREENS / "hostile_ascii.txt").read_text()


def on_terminal(agent, columns=80, **environment):
    with PtyProcess([project.binary("pawsctl"), "status"], columns, PAWS_SOCKET=str(agent.path),
                    **environment) as terminal:
        code = terminal.finish()
        return code, terminal.output.replace(b"\r\n", b"\n")


def test_a_terminal_gets_colour_and_its_own_width():
    with answering("failed") as agent:
        code, shown = on_terminal(agent)
        assert shown.decode() == (SCREENS / "failed_colour.txt").read_text()
        assert code == 2
        for columns in (20, 40, 79, 120):
            plain = COLOUR.sub(b"", on_terminal(agent, columns)[1]).decode()
            assert max(map(len, plain.splitlines())) <= columns


@pytest.mark.parametrize("environment", [{"NO_COLOR": "1"}, {"TERM": "dumb"}, {"TERM": ""}])
def test_a_terminal_that_wants_no_colour_gets_none(environment):
    with answering("failed") as agent:
        shown = on_terminal(agent, **environment)[1]
        assert b"\x1b" not in shown
        assert shown.decode() == (SCREENS / "failed.txt").read_text()


def test_an_empty_no_color_means_nothing():
    with answering("failed") as agent:
        assert b"\x1b[" in on_terminal(agent, NO_COLOR="")[1]


def test_json_is_the_agents_own_to_the_byte():
    status = b'{"version":1,"x":1.50,"big":18446744073709551616, "host":{},"s":"\\u001b\xc2\x9b"}'
    with FakeAgent(lambda *_: b'{"version":1,"ok":true,"result":' + status + b"}\n") as agent:
        done = pawsctl("status", "--json", socket=agent.path)
        assert done.stdout == status + b"\n"
        assert done.returncode == 3
        assert pawsctl("--json", "status", socket=agent.path).stdout == status + b"\n"
        with PtyProcess([project.binary("pawsctl"), "status", "--json"],
                        PAWS_SOCKET=str(agent.path)) as terminal:
            terminal.finish()
            shown = terminal.output.replace(b"\r\n", b"\n").decode()
    assert shown.startswith('{\n  "version": 1,\n  "x": 1.50,\n')
    assert not re.search("[\x00-\x09\x0b-\x1f\x7f-\x9f]", shown)
    assert json.loads(shown) == json.loads(status)


@pytest.mark.parametrize("health, code", [("ok", 0), ("degraded", 1), ("failed", 2),
                                          ("unknown", 3), ("new word", 3)])
def test_the_exit_code_is_the_runners_health(health, code):
    status = document("healthy")
    status["runners"][1]["health"] = health
    with FakeAgent(lambda *_: status) as agent:
        assert pawsctl("status", socket=agent.path).returncode == code
        assert pawsctl("status", "--json", socket=agent.path).returncode == code
        assert pawsctl("status", "acme-widgets.build-01", socket=agent.path).returncode == 0
        assert pawsctl("status", "build-02", socket=agent.path).returncode == code


def test_without_an_agent_one_sentence_says_how_to_start_it(tmp_path):
    said = one_sentence(pawsctl("status", socket=tmp_path / "no.sock"))
    assert str(tmp_path / "no.sock") in said and "PAWS_SOCKET" in said
    done = pawsctl("status", "--socket", tmp_path / "other.sock", socket=tmp_path / "no.sock")
    said = one_sentence(done)
    assert str(tmp_path / "other.sock") in said and "--socket" in said
    assert done.returncode == 69


@pytest.mark.skipif(Path("/run/paws-agent/control.sock").exists(), reason="an agent runs here")
@pytest.mark.parametrize("verb", [["status"], ["runners", "list"], ["runners", "show", "x"],
                                  ["config", "show"]])
def test_the_systems_agent_is_started_with_systemctl(verb):
    done = pawsctl(*verb)
    assert one_sentence(done).endswith("start it with: systemctl start paws-agent")
    assert done.returncode == 69


NO_ANSWERS = {
    "closed at once": None, "empty line": b"\n", "no version": b"{}\n", "binary": b"\xff\xfe\n",
    "http": b"HTTP/1.1 400 Bad Request\r\n\r\n", "deep": b"[" * 100000 + b"\n",
    "no end": b'{"version":1,"ok":true,"result":{"a":1}}', "cut": result({"version": 1})[:-2],
    "two lines": b"{}\n{}\n", "no result": b'{"version":1,"ok":true}\n',
    "no message": b'{"version":1,"ok":false}\n', "huge": b"x" * (17 << 20) + b"\n"}


@pytest.mark.parametrize("answer", NO_ANSWERS.values(), ids=NO_ANSWERS)
def test_an_answer_that_is_none_is_one_sentence_and_69(answer):
    with FakeAgent(lambda *_: answer) as agent:
        for verb in (["status"], ["runners", "show", "x"]):
            done = pawsctl(*verb, socket=agent.path)
            one_sentence(done)
            assert done.returncode == 69


def test_an_agent_that_is_silent_costs_no_more_than_the_timeout():
    gone = threading.Event()
    with FakeAgent(lambda *_: gone.wait(20) and None) as agent:
        began = time.monotonic()
        done = pawsctl("status", "--timeout", "100ms", socket=agent.path)
        assert time.monotonic() - began < 15
        gone.set()
        assert "no answer within 100ms" in one_sentence(done)
        assert done.returncode == 69


def test_another_version_names_the_way_out():
    for answer in (line({"version": 2, "ok": True, "result": {}}), result({"version": 2})):
        with FakeAgent(lambda *_, answer=answer: answer) as agent:
            done = pawsctl("status", socket=agent.path)
            assert "use the pawsctl that was installed with that agent" in one_sentence(done)
            assert done.returncode == 69


@pytest.mark.parametrize("code, exit_code, of_status", [
    ("denied", 77, 77), ("usage", 64, 64), ("unavailable", 69, 3), ("new", 69, 69)])
def test_a_refusal_is_the_agents_own_sentence(code, exit_code, of_status):
    with FakeAgent(lambda *_: refusal(code, "why not \u001b[31m: join it")) as agent:
        done = pawsctl("config", "show", socket=agent.path)
        assert one_sentence(done) == "pawsctl: why not \ufffd[31m: join it"
        assert done.returncode == exit_code
        assert pawsctl("status", socket=agent.path).returncode == of_status


def test_a_socket_that_may_not_be_opened_is_refused_not_absent(tmp_path):
    if os.geteuid() != 0:
        pytest.skip("needs root to become somebody else")
    with answering("healthy") as agent:
        agent.path.parent.chmod(0o700)
        done = subprocess.run(
            ["setpriv", "--reuid=65534", "--clear-groups", "env", f"PAWS_SOCKET={agent.path}",
             "/proc/self/fd/0", "status"], stdin=open(project.binary("pawsctl"), "rb"),
            capture_output=True, timeout=20)
        assert "usermod -aG paws-agent" in one_sentence(done)
        assert done.returncode == 77


def test_runners_are_listed_and_shown():
    with answering("healthy") as agent:
        done = pawsctl("runners", "list", socket=agent.path)
        assert done.returncode == 0
        assert [row.split() for row in done.stdout.decode().splitlines()[1:]] == [
            ["acme-widgets.build-01", "build-01", "idle", "ok", "-"],
            ["acme-widgets.build-02", "build-02", "busy", "ok", "-"]]
        done = pawsctl("runners", "list", "--names", socket=agent.path)
        assert done.stdout == b"acme-widgets.build-01\nacme-widgets.build-02\n"
        listed = json.loads(pawsctl("runners", "list", "--json", socket=agent.path).stdout)
        assert listed == {"version": 1, "runners": document("healthy")["runners"]}
        for name in ("acme-widgets.build-02", "build-02",
                     "actions.runner.acme-widgets.build-02.service"):
            done = pawsctl("runners", "show", name, socket=agent.path)
            assert done.returncode == 0, done.stderr
            assert done.stdout.decode().startswith("● acme-widgets.build-02, busy since 3 min\n")
            shown = json.loads(pawsctl("runners", "show", name, "--json", socket=agent.path).stdout)
            assert shown["name"] == "acme-widgets.build-02"
        shown = json.loads(pawsctl("status", "build-02", "--json", socket=agent.path).stdout)
        assert shown["name"] == "acme-widgets.build-02"


def test_a_mistyped_runner_gets_the_nearest_name():
    with answering("healthy") as agent:
        for verb in (["runners", "show"], ["status"]):
            done = pawsctl(*verb, "build-03", socket=agent.path)
            assert one_sentence(done) == ("pawsctl: no runner is called 'build-03'; "
                                          "did you mean 'build-01'?")
            assert done.returncode == 64
            assert "see: pawsctl runners list" in one_sentence(
                pawsctl(*verb, "zzz\x1b[2J", socket=agent.path))


def test_a_github_name_of_two_runners_is_ambiguous():
    status = document("healthy")
    status["runners"][1]["agent_name"] = "build-01"
    with FakeAgent(lambda verb, _: status if verb == "status"
                   else refusal("not_found", "no")) as agent:
        for verb in (["runners", "show"], ["status"]):
            said = one_sentence(pawsctl(*verb, "build-01", socket=agent.path))
            assert said.endswith("acme-widgets.build-01, acme-widgets.build-02")


def test_config_show_is_text_with_where_it_came_from():
    answer = {"text": "[web]\nlisten = [\":7297\"]\n\x1b[2J\n", "files": ["/etc/a.toml"]}
    with FakeAgent(lambda *_: answer) as agent:
        done = pawsctl("config", "show", socket=agent.path)
        assert done.stdout.decode() == ("# from /etc/a.toml\n[web]\nlisten = [\":7297\"]\n"
                                        "\ufffd[2J\n")
        assert json.loads(pawsctl("config", "show", "--json", socket=agent.path).stdout) == answer


@pytest.mark.parametrize("verb", VERBS)
def test_help_fits_one_screen(verb):
    done = pawsctl(*verb, "--help")
    lines = done.stdout.decode().splitlines()
    assert done.returncode == 0 and done.stderr == b""
    assert len(lines) <= 24 and max(map(len, lines)) <= 80
    assert any(row.startswith("Examples:") for row in lines)


@pytest.mark.parametrize("arguments, said", [
    ([], "a verb is missing: status, runners, jobs, why, logs, doctor, hook, config, completion"),
    (["runners"], "a verb is missing: list, show, drain, hold, resume, hook"),
    (["stauts"], "'stauts' is not a verb or an option here; did you mean 'status'?"),
    (["status", "--wacth"],
     "'--wacth' is not a verb or an option here; did you mean '--watch'?"),
    (["status", "a", "b"], "'b' is not a verb or an option here"),
    (["runners", "show"], "RUNNER is required"),
    (["status", "--timeout", "5x"],
     "--timeout: '5x' is no time; write 500ms, 5s or 2m, at most 10m"),
    (["status", "--timeout", "0s"],
     "--timeout: '0s' is no time; write 500ms, 5s or 2m, at most 10m"),
    (["status", "--timeout", "11m"],
     "--timeout: '11m' is no time; write 500ms, 5s or 2m, at most 10m"),
    (["\x1b[2J"], "'\ufffd[2J' is not a verb or an option here"),
    (["status", "--watch", "--json"], "--watch draws for people; leave --json out"),
    (["status", "--watch"],
     "--watch needs a terminal; for a file or a pipe repeat: pawsctl status")])
def test_a_mistyped_line_says_what_was_meant(arguments, said):
    done = pawsctl(*arguments)
    assert done.returncode == 64 and done.stdout == b""
    assert done.stderr.decode().splitlines()[0] == f"pawsctl: {said}"


def test_the_version_names_the_build():
    assert re.fullmatch(rb"pawsctl \d+\.\d+\.\d+ \(\w+\)\n", pawsctl("--version").stdout)


def test_output_that_cannot_be_written_is_no_success():
    with answering("healthy") as agent, open("/dev/full", "wb") as full:
        done = subprocess.run([project.binary("pawsctl"), "status"], stdout=full,
                              stderr=subprocess.PIPE, timeout=20,
                              env={**os.environ, "PAWS_SOCKET": str(agent.path)})
        assert done.returncode == 74
        assert b"No space left on device" in done.stderr


def test_the_manual_shows_the_screen_as_it_is():
    manual = (project.SOURCE / "docs/pawsctl.md").read_text()
    assert (SCREENS / "failed.txt").read_text() in manual
    readme = (project.SOURCE / "README.md").read_text()
    assert (SCREENS / "degraded.txt").read_text() in readme
