"""Host: what a test does with a booted Debian host, however it was booted (nspawn.py, guest.py)."""

import json
import shlex
import socket
import subprocess
from pathlib import Path
from typing import Callable, Sequence, TypeVar

from polling import wait_for

T = TypeVar("T")
PATH = "PATH=/usr/sbin:/usr/bin:/sbin:/bin"
AS_USER = 'exec setpriv --reuid="$0" --regid="$(id -g "$0")" --init-groups "$@"'
WRITE = 'mkdir -p "$(dirname "$0")" && cat >"$0" && chmod "$1" "$0"'


class Host:
    name: str

    def _enter(self, words: list[str]) -> list[str]:
        """The command of this machine that runs `words` as root in the host."""
        raise NotImplementedError

    def connect(self, port: int, timeout: float = 20) -> socket.socket:
        """A TCP connection to a port of the host's own loopback."""
        raise NotImplementedError

    def run(self, command: str | Sequence[str], *, check: bool = True, timeout: float = 30,
            user: str | None = None, content: bytes = b"") -> subprocess.CompletedProcess[str]:
        """Runs a command (a string goes through sh) as root, or as `user` with its groups;
        `content` is its standard input."""
        words = ["sh", "-c", command] if isinstance(command, str) else list(command)
        if user is not None:
            words = ["sh", "-c", AS_USER, user, *words]
        done = subprocess.run(self._enter(["env", "-i", PATH, "LANG=C.UTF-8", *words]),
                              input=content, capture_output=True, timeout=timeout,
                              start_new_session=True)
        done.stdout = done.stdout.decode(errors="replace")
        done.stderr = done.stderr.decode(errors="replace")
        if check and done.returncode != 0:
            shown = command if isinstance(command, str) else shlex.join(command)
            raise AssertionError(f"{shown}: exit {done.returncode}\n{done.stdout}{done.stderr}")
        return done

    def run_as(self, user: str, command: str | Sequence[str],
               **options: object) -> subprocess.CompletedProcess[str]:
        return self.run(command, user=user, **options)

    def kill(self, pid: int, signal: str = "KILL") -> None:
        assert pid > 1, f"no process {pid}"  # 0 and negative numbers would mean groups
        self.run(["kill", "-s", signal, str(pid)])

    def copy_in(self, source: Path, target: str, mode: int = 0o644) -> None:
        self.write(target, source.read_bytes(), mode)

    def write(self, target: str, content: str | bytes, mode: int = 0o644) -> None:
        data = content.encode() if isinstance(content, str) else content
        self.run(["sh", "-c", WRITE, target, f"{mode:o}"], content=data)

    def read(self, path: str) -> str:
        return self.run(["cat", path]).stdout

    def wait_for(self, condition: Callable[[], T], timeout: float, what: str) -> T:
        return wait_for(condition, timeout, f"{self.name}: {what}")

    # systemd

    def show(self, unit: str, *properties: str) -> dict[str, str]:
        """Properties of a unit, as `systemctl show` prints them."""
        shown = self.run(["systemctl", "show", unit, "--property=" + ",".join(properties)]).stdout
        return dict(line.split("=", 1) for line in shown.splitlines())

    def main_pid(self, unit: str) -> int:
        return int(self.show(unit, "MainPID")["MainPID"])

    def journal(self, *arguments: str) -> list[dict[str, str]]:
        """Journal entries, oldest first; arguments as for journalctl."""
        self.run("journalctl --sync")
        text = self.run(["journalctl", "--no-pager", "--output=json", *arguments]).stdout
        return [json.loads(line) for line in text.splitlines()]

    def messages(self, *arguments: str) -> list[str]:
        return [str(entry.get("MESSAGE")) for entry in self.journal(*arguments)]

    def is_booted(self) -> bool:
        done = self.run("systemctl is-system-running", check=False)
        return done.stdout.strip() in ("running", "degraded")
