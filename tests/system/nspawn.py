"""BootedHost: a Debian host with systemd as PID 1, booted in systemd-nspawn in about a second.

Changes live in a RAM overlay and vanish with the host, or in a copy of the root when it is to be
booted again. Nothing of the machine around it is touched: own network, own cgroup, and only
processes started here are ended.

Not to be had in nspawn: cgroup controllers, so no memory or pids limits (see guest.py).
"""

import contextlib
import ctypes
import os
import signal
import socket
import subprocess
import tempfile
import threading
from pathlib import Path
from typing import Callable, TypeVar

import image
from host import Host
from polling import wait_for

T = TypeVar("T")
CGROUPS = Path("/sys/fs/cgroup")
CLONE_NEWNET = 0x40000000


class BootedHost(Host):
    _count = 0

    def __init__(self, label: str, binds: dict[Path, str] | None = None,
                 reboots: bool = False, root: Callable[[], Path] = image.host_root) -> None:
        """`binds`: what of this machine is seen in the host, read-only, and where.
        `root`: makes the root that it starts from."""
        self.label = self.name = label
        self.binds = binds or {}
        self.reboots = reboots
        self._make_root = root
        self.leader: int | None = None  # PID 1 of the host, as this machine numbers it

    def __enter__(self) -> "BootedHost":
        BootedHost._count += 1
        self.name = f"{self.label}-{BootedHost._count}-{os.getpid()}"
        with contextlib.ExitStack() as undo:
            self.root = self._make_root()
            if self.reboots:
                copy = undo.enter_context(image.work_folder()) / "root"
                subprocess.run(["cp", "-a", self.root, copy], check=True, timeout=120)
                self.root = copy
            self._boots = undo.enter_context(contextlib.ExitStack())
            self._boot(self.root, self._boots)
            self._undo = undo.pop_all()
        return self

    def __exit__(self, *_: object) -> None:
        self._undo.close()

    def reboot(self) -> None:
        """An orderly power-off, and another boot of the same root, in a new network."""
        assert self.reboots, "its changes would be lost"
        self._boots.close()
        self._boot(self.root, self._boots)

    def _boot(self, root: Path, undo: contextlib.ExitStack) -> None:
        self.console = Path(undo.enter_context(tempfile.TemporaryDirectory())) / "console"
        groups = own_cgroups(f"paws-test-{self.name}")
        undo.callback(remove_cgroups, groups)
        join = "".join(f"echo $$ >{group}/cgroup.procs; " for group in groups)
        with open(self.console, "wb") as out:
            self.nspawn = subprocess.Popen(
                ["setpriv", "--pdeathsig=TERM", "sh", "-ec", join + 'exec "$@"', "sh",
                 *self._command(root)],
                env={**os.environ, "SYSTEMD_NSPAWN_UNIFIED_HIERARCHY": "1"},
                stdin=subprocess.DEVNULL, stdout=out, stderr=subprocess.STDOUT)
        undo.callback(self._power_off)
        self.leader = wait_for(self._find_leader, 30, "systemd-nspawn starts PID 1")
        self.wait_for(self._is_up, 60, "the host has booted")

    def _command(self, root: Path) -> list[str]:
        # All capabilities and bpf: without them PrivateNetwork=, IPAddressDeny= and DevicePolicy=
        # are accepted and silently not enforced.
        return ["systemd-nspawn", "--quiet", "--boot", f"--directory={root}",
                f"--machine={self.name}", f"--hostname={self.name}", "--register=no",
                "--keep-unit", "--console=pipe", "--private-network",
                *([] if self.reboots else ["--volatile=overlay"]),
                "--capability=all", "--system-call-filter=bpf @keyring perf_event_open",
                *(f"--bind-ro={source}:{target}" for source, target in self.binds.items())]

    def _find_leader(self) -> int | None:
        assert self.nspawn.poll() is None, f"systemd-nspawn ended:\n{self.console.read_text()}"
        return next((child for child in children(self.nspawn.pid) if is_init(child)), None)

    def _is_up(self) -> bool:
        assert self.nspawn.poll() is None, f"the host went down:\n{self.console.read_text()}"
        return self.is_booted()

    def _power_off(self) -> None:
        self.nspawn.terminate()  # it asks PID 1 for an orderly power-off
        try:
            self.nspawn.wait(15)
        except subprocess.TimeoutExpired:
            self.nspawn.kill()
            self.nspawn.wait(5)
            if self.leader is not None and is_init(self.leader):
                os.kill(self.leader, signal.SIGKILL)  # it outlives a killed nspawn

    def _enter(self, words: list[str]) -> list[str]:
        return ["nsenter", f"--target={self.leader}", "--all", *words]

    def path(self, inside: str) -> Path:
        """A path of the host as seen from this machine, for what must be quick."""
        return Path(f"/proc/{self.leader}/root") / inside.lstrip("/")

    def connect(self, port: int, timeout: float = 20) -> socket.socket:
        return in_network_of(
            self.leader, lambda: socket.create_connection(("127.0.0.1", port), timeout))


def own_cgroups(name: str) -> list[Path]:
    """A cgroup of our own in each hierarchy that holds processes by name: with --keep-unit all
    hosts would share one otherwise."""
    hierarchies = [CGROUPS / "systemd", CGROUPS / "unified"]
    if (CGROUPS / "cgroup.controllers").exists():
        hierarchies = [CGROUPS]
    hierarchies = [hierarchy for hierarchy in hierarchies if hierarchy.is_dir()]
    for hierarchy in hierarchies:
        remove_cgroups(image.abandoned(hierarchy.glob("paws-test-*")))
    groups = [hierarchy / name for hierarchy in hierarchies]
    for group in groups:
        group.mkdir()
    return groups


def remove_cgroups(groups: list[Path]) -> None:
    for group in groups:
        for folder, _, _ in os.walk(group, topdown=False):
            with contextlib.suppress(OSError):
                os.rmdir(folder)


def children(pid: int) -> list[int]:
    with contextlib.suppress(OSError):
        return [int(word) for word in Path(f"/proc/{pid}/task/{pid}/children").read_text().split()]
    return []


def is_init(pid: int) -> bool:
    """Whether the process is PID 1 of a pid namespace, and systemd already."""
    with contextlib.suppress(OSError):
        status = Path(f"/proc/{pid}/status").read_text()
        namespaced = next(line for line in status.splitlines() if line.startswith("NSpid:"))
        return namespaced.split()[-1] == "1" and status.startswith("Name:\tsystemd\n")
    return False


def in_network_of(pid: int, work: Callable[[], T]) -> T:
    """Runs `work` on a thread of its own that has entered the network namespace of `pid`."""
    libc = ctypes.CDLL(None, use_errno=True)
    outcome: list[T] = []
    problem: list[BaseException] = []

    def enter() -> None:
        try:
            with open(f"/proc/{pid}/ns/net") as namespace:
                if libc.setns(namespace.fileno(), CLONE_NEWNET) != 0:
                    raise OSError(ctypes.get_errno(), "setns")
            outcome.append(work())
        except BaseException as error:  # raised again by the caller's thread
            problem.append(error)

    thread = threading.Thread(target=enter)
    thread.start()
    thread.join()
    if problem:
        raise problem[0]
    return outcome[0]
