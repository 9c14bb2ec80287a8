"""pawsctl status --watch on a terminal: drawn again, resized, interrupted, left without an agent."""

import contextlib
import json
import re
import signal
from pathlib import Path

import pytest

import project
from fake_agent import FakeAgent
from polling import wait_for
from pty_process import PtyProcess

SCREENS = Path(__file__).parent / "screens"
ENTER, LEAVE = b"\x1b[?1049h", b"\x1b[?25h\x1b[?1049l"
FRAME, FRAME_END = b"\x1b[H", b"\x1b[K\x1b[J"
ESCAPES = re.compile(rb"\x1b\[[0-9;?]*[A-Za-z]")


def status(name="healthy"):
    return json.loads((SCREENS / f"{name}.json").read_text())


def watching(socket, *arguments, columns=80, rows=24):
    return PtyProcess([project.binary("pawsctl"), "status", "--watch", *arguments], columns, rows,
                      PAWS_SOCKET=str(socket))


def next_frame(terminal):
    """The lines of the next whole picture, without what steers the terminal."""
    terminal.wait_for(FRAME)
    frame = terminal.wait_for(FRAME_END)
    return ESCAPES.sub(b"", frame).decode().replace("\r", "").split("\n")


def frame_with(terminal, text):
    return wait_for(lambda: [row for row in [next_frame(terminal)] if text in "\n".join(row)],
                    30, f"a picture with {text!r}")[0]


def test_it_draws_the_status_again_and_again():
    answers = [status("healthy"), status("failed")]
    with FakeAgent(lambda *_: answers.pop(0) if len(answers) > 1 else answers[0]) as agent:
        with watching(agent.path) as terminal:
            terminal.wait_for(ENTER)
            golden = (SCREENS / "healthy.txt").read_text().splitlines()
            assert next_frame(terminal) == golden
            golden = (SCREENS / "failed.txt").read_text().splitlines()
            assert next_frame(terminal) == golden
            terminal.type(b"q")
            assert terminal.finish() == 0


@pytest.mark.parametrize("end", [b"q", b"\x04", b"\x03", signal.SIGTERM, signal.SIGHUP,
                                 signal.SIGINT], ids=str)
def test_however_it_ends_the_terminal_is_as_before(end):
    with FakeAgent(lambda *_: status()) as agent, watching(agent.path) as terminal:
        next_frame(terminal)
        assert terminal.modes_now() != terminal.modes
        if isinstance(end, bytes):
            terminal.type(end)
        else:
            terminal.kill(end)
        assert terminal.finish() == 0
        assert terminal.output.endswith(LEAVE)
        assert terminal.modes_now() == terminal.modes


def test_it_follows_the_window():
    with FakeAgent(lambda *_: status("hostile")) as agent, watching(agent.path) as terminal:
        next_frame(terminal)
        for columns, rows in ((40, 24), (120, 24), (20, 5), (3, 2), (1, 1), (80, 24)):
            terminal.resize(columns, rows)  # the kernel sends SIGWINCH

            def fits():
                frame = next_frame(terminal)
                widest = max(map(len, frame))
                return len(frame) == min(rows, 18) and columns / 2 < widest <= columns
            wait_for(fits, 30, f"a picture of {columns} x {rows}")


def test_what_does_not_fit_is_counted():
    with FakeAgent(lambda *_: status("stopped")) as agent:
        with watching(agent.path, rows=12) as terminal:
            whole = (SCREENS / "stopped.txt").read_text().splitlines()
            frame = next_frame(terminal)
            assert frame == whole[:11] + [f"and {len(whole) - 11} more lines"]


def test_it_survives_the_agents_restart(tmp_path):
    path = tmp_path / "control.sock"
    with contextlib.ExitStack() as stack:
        with FakeAgent(lambda *_: status(), path):
            terminal = stack.enter_context(watching(path, rows=40))
            assert next_frame(terminal)[0].startswith("all well")
        frame = frame_with(terminal, "agent unreachable since")
        assert re.fullmatch(r"agent unreachable since \d+ s", frame[0])
        assert "no agent listens at" in frame[1]
        assert any(row.startswith("all well on build-host") for row in frame)
        with FakeAgent(lambda *_: status("failed"), path):
            frame = frame_with(terminal, "failed on build-host")
            assert frame == (SCREENS / "failed.txt").read_text().splitlines()


def test_without_any_agent_it_waits_for_one(tmp_path):
    with watching(tmp_path / "no.sock") as terminal:
        frame = next_frame(terminal)
        assert re.fullmatch(r"agent unreachable since \d s", frame[0])
        terminal.type(b"q")
        assert terminal.finish() == 0


def test_a_key_asks_at_once():
    with FakeAgent(lambda *_: status()) as agent, watching(agent.path) as terminal:
        next_frame(terminal)
        for asked in range(2, 7):
            terminal.type(b" ")
            next_frame(terminal)
            assert len(agent.asked) >= asked


def test_suspended_it_gives_the_terminal_back_and_continued_it_draws_again():
    with FakeAgent(lambda *_: status()) as agent, watching(agent.path) as terminal:
        next_frame(terminal)
        program = terminal.process.pid
        terminal.type(b"\x1a")
        terminal.wait_for(LEAVE)
        wait_for(lambda: state_of(program) == "T", 30, "it is stopped")
        assert terminal.modes_now() == terminal.modes
        terminal.kill(signal.SIGCONT)
        terminal.wait_for(ENTER)
        assert next_frame(terminal)[0].startswith("all well")
        terminal.type(b"q")
        assert terminal.finish() == 0


def state_of(pid):
    return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0]


def test_one_runner_can_be_watched():
    with FakeAgent(lambda *_: status("failed")) as agent:
        with watching(agent.path, "build-01") as terminal:
            assert next_frame(terminal)[0] == "all well on build-host, 1 runner: 1 idle"
        with watching(agent.path, "build-09") as terminal:
            assert next_frame(terminal)[0].startswith("no runner is called 'build-09'; did you")
