"""PtyProcess: a program on a terminal of its own; what it draws, and what is typed at it."""

import contextlib
import fcntl
import os
import pty
import select
import signal
import struct
import subprocess
import termios
import time

from polling import wait_for


class PtyProcess:
    def __init__(self, command: list, columns: int = 80, rows: int = 24,
                 **environment: str) -> None:
        self._master, self._slave = pty.openpty()
        self.resize(columns, rows)
        self.modes = termios.tcgetattr(self._slave)
        self.output = b""
        # Not the leader of a process group, so setsid becomes the program without a fork.
        self.process = subprocess.Popen(
            ["setsid", "--ctty", *command], stdin=self._slave, stdout=self._slave,
            stderr=self._slave, env={**os.environ, "TERM": "xterm", "LC_ALL": "C.UTF-8",
                                     **environment})

    def __enter__(self) -> "PtyProcess":
        return self

    def __exit__(self, *_: object) -> None:
        if self.process.poll() is None:
            self.process.kill()
            self.process.wait(10)
        os.close(self._master)
        os.close(self._slave)

    def resize(self, columns: int, rows: int) -> None:
        fcntl.ioctl(self._master, termios.TIOCSWINSZ, struct.pack("HHHH", rows, columns, 0, 0))

    def type(self, keys: bytes) -> None:
        os.write(self._master, keys)

    def read(self, seconds: float = 0) -> bytes:
        """Everything drawn so far."""
        while select.select([self._master], [], [], seconds)[0]:
            with contextlib.suppress(OSError):
                self.output += os.read(self._master, 65536)
        return self.output

    def wait_for(self, text: bytes, timeout: float = 30) -> bytes:
        """What was drawn up to and with `text`; it is taken off."""
        wait_for(lambda: text in self.read(), timeout, f"{text!r} on the terminal")
        head, _, self.output = self.output.partition(text)
        return head + text

    def finish(self, timeout: float = 30) -> int:
        """The exit code; all output is read."""
        deadline = time.monotonic() + timeout
        while self.process.poll() is None and time.monotonic() < deadline:
            self.read(0.02)
        code = self.process.wait(0.1)
        self.read()
        return code

    def modes_now(self) -> list:
        return termios.tcgetattr(self._slave)

    def kill(self, number: signal.Signals) -> None:
        self.process.send_signal(number)
