"""LogFollower: `pawsctl logs follow` as a process; FollowedLines: what a fake agent shows to it."""

import os
import signal
import subprocess
from pathlib import Path

import project
from polling import wait_for


def environment(control_socket: Path, **more: str) -> dict[str, str]:
    """Of a pawsctl that asks there, away from the terminal of whoever runs the test."""
    clean = {name: value for name, value in os.environ.items()
             if name not in ("COLUMNS", "NO_COLOR")}
    return {**clean, "PAWS_SOCKET": str(control_socket), "LC_ALL": "C.UTF-8", **more}


class LogFollower:
    def __init__(self, control_socket: Path, *arguments: str) -> None:
        self._process = subprocess.Popen(
            ["setpriv", "--pdeathsig=KILL", project.binary("pawsctl"), "logs", "follow",
             *arguments], stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
            stderr=subprocess.PIPE, env=environment(control_socket))
        self.out, self.err = "", ""
        for stream in (self._process.stdout, self._process.stderr):
            os.set_blocking(stream.fileno(), False)

    def __enter__(self) -> "LogFollower":
        return self

    def __exit__(self, *_: object) -> None:
        self._process.kill()
        self._process.wait(20)
        self._process.stdout.close()
        self._process.stderr.close()

    def read(self) -> str:
        """All it has shown so far. It flushes whole lines."""
        self.out += (self._process.stdout.read() or b"").decode()
        self.err += (self._process.stderr.read() or b"").decode()
        return self.out

    def wait_for(self, text: str) -> None:
        wait_for(lambda: text in self.read(), 30, f"{text!r} is shown")

    def wait_for_word(self, text: str) -> None:
        """On standard error."""
        wait_for(lambda: self.read() is not None and text in self.err, 30, f"{text!r} is said")

    def end(self, number: signal.Signals = signal.SIGINT) -> int:
        self._process.send_signal(number)
        code = self._process.wait(20)
        self.read()
        return code


class FollowedLines:
    """The answers of a FakeAgent that ships logs."""

    def __init__(self) -> None:
        self.begun, self.lines, self.first = 0, [], 1

    def say(self, text: str, level: str = "info", **labels: str) -> None:
        labels = {"host": "h", "job": "journal", "level": level, **labels}
        written = ", ".join(f'{name}="{value}"' for name, value in sorted(labels.items()))
        self.lines.append({"number": self.first + len(self.lines),
                           "time": "2026-11-23T14:55:01.123Z", "labels": "{" + written + "}",
                           "line": text})

    def restart(self) -> None:
        """All is forgotten, and numbers begin anew."""
        self.begun, self.lines, self.first = self.begun + 1, [], 1

    def skip(self, first: int) -> None:
        """The next is number `first`; those before it are gone."""
        self.lines, self.first = [], first

    def __call__(self, verb: str, arguments: dict) -> dict:
        if verb == "logs":
            return {"version": 1, "configured": True, "state": "shipping"}
        assert verb == "logs_follow" and list(arguments) == ["after"]
        return {"since": f"2026-11-23T14:00:0{self.begun}.000Z",
                "lines": [one for one in self.lines if one["number"] > arguments["after"]]}
