"""LocalRunner: a runner on this machine, without systemd: real processes, real journal entries.

Its root is laid out by make_fake_runner; what its programs print goes to a JournalFeed as the
lines of a unit. All its processes are in one process group and end with it.
"""

import contextlib
import os
import signal
import subprocess
from pathlib import Path

import project
from journal_feed import JournalFeed, StdoutStream
from polling import wait_for

MAKE = Path(__file__).with_name("make_fake_runner")


class LocalRunner:
    def __init__(self, root: Path, feed: JournalFeed, short: str = "build-01",
                 repository: str = "acme/widgets", program: Path | None = None) -> None:
        self.root, self.short, self.repository = root, short, repository
        self.name = f"{repository.replace('/', '-')}.{short}"
        self.unit = f"actions.runner.{self.name}.service"
        self._feed = feed
        self._program = program or project.binary("paws_fake_runner")
        self._service: subprocess.Popen[bytes] | None = None

    def __enter__(self) -> "LocalRunner":
        subprocess.run([MAKE, self.root, self.short, self.repository], check=True,
                       env={**os.environ, "PAWS_FAKE_RUNNER": str(self._program)},
                       stdout=subprocess.DEVNULL)
        return self

    def __exit__(self, *_: object) -> None:
        self.kill()

    def start(self, **environment: str) -> None:
        self.output = StdoutStream(self._feed, self.unit, "runsvc.sh")
        self._service = subprocess.Popen(
            ["setpriv", "--pdeathsig=TERM", self.root / "runsvc.sh"], cwd=self.root,
            env={**os.environ, **environment}, stdin=subprocess.DEVNULL, stdout=self.output,
            stderr=self.output, start_new_session=True)
        self.output.started()
        wait_for(self.listener, 30, f"{self.name} has a listener")

    def stop(self) -> None:
        """As systemd with KillMode=process: SIGTERM to the shell, and waiting for it."""
        self._service.terminate()
        self._service.wait(40)

    def kill(self) -> None:
        """Ends everything the runner has started."""
        if self._service is not None:
            with contextlib.suppress(ProcessLookupError):
                os.killpg(self._service.pid, signal.SIGKILL)
            self._service.wait(10)
            self.output.join(20)
            self._service = None

    def tell(self, *commands: str) -> None:
        """Commands to the listener (fake_runner_listener.cpp)."""
        control = os.open(self.root / ".fake/control", os.O_WRONLY | os.O_NONBLOCK)
        try:
            os.write(control, "".join(command + "\n" for command in commands).encode())
        finally:
            os.close(control)

    def main_pid(self) -> int:
        return self._service.pid

    def pids(self, program: str) -> list[int]:
        """Processes of this runner by their program's base name."""
        return [pid for pid in group_members(self._service.pid)
                if program_of(pid) == program] if self._service else []

    def listener(self) -> int | None:
        return next(iter(self.pids("Runner.Listener")), None)

    def worker(self) -> int | None:
        return next(iter(self.pids("Runner.Worker")), None)


def group_members(group: int) -> list[int]:
    members = []
    for entry in Path("/proc").iterdir():
        if entry.name.isdigit():
            with contextlib.suppress(OSError):
                fields = (entry / "stat").read_text().rpartition(")")[2].split()
                if int(fields[2]) == group and fields[0] != "Z":
                    members.append(int(entry.name))
    return sorted(members)


def program_of(pid: int) -> str:
    with contextlib.suppress(OSError):
        return os.path.basename(os.readlink(f"/proc/{pid}/exe"))
    return ""
