"""Guest: a Debian virtual machine with Debian's own kernel, for what nspawn cannot show.

It has cgroup v2 with all controllers, so limits are enforced, the OOM killer strikes and the
files of a cgroup count. QEMU emulates the processor (no KVM needed): about eight times slower
than this machine. Each guest starts from a snapshot of a booted machine, in some 5 s.
"""

import contextlib
import shlex
import shutil
import socket
import subprocess
import time
from pathlib import Path

import image
from host import Host
from polling import wait_for
from ports import free_port

TOOLS = ("qemu-system-x86_64", "qemu-img", "mke2fs", "mmdebstrap", "ssh", "ssh-keygen")
AGENT_PORT = 7297
SNAPSHOT = "booted"
# Part of the cache's key: raise it when what make_disk() does changes.
RECIPE = 1
NETWORK = "[Match]\nName=en*\n[Network]\nDHCP=ipv4\n"
MASKED = ("apt-daily.timer", "apt-daily-upgrade.timer", "dpkg-db-backup.timer", "fstrim.timer",
          "e2scrub_all.timer", "serial-getty@ttyS0.service", "systemd-timesyncd.service")


class Guest(Host):
    def __init__(self, name: str) -> None:
        self.name = name
        self._channel: subprocess.Popen[bytes] | None = None  # carries all commands

    def __enter__(self) -> "Guest":
        cache = snapshot()
        with contextlib.ExitStack() as undo:
            work = undo.enter_context(image.work_folder())
            disk = work / "disk.qcow2"
            subprocess.run(["cp", "--reflink=auto", cache / "disk.qcow2", disk], check=True)
            self._start(cache, disk, work, undo, ["-loadvm", SNAPSHOT])
            # The guest's clock is where the snapshot left it.
            self.run(f"date --set=@{time.time():.3f}")
            self._undo = undo.pop_all()
        return self

    def __exit__(self, *_: object) -> None:
        self._undo.close()

    def _start(self, cache: Path, disk: Path, work: Path, undo: contextlib.ExitStack,
               options: list[str]) -> None:
        self._key, self._control = cache / "key", work / "ssh"
        self._monitor, self.console = work / "monitor", work / "console"
        self._ssh_port, self._agent_port = free_port(), free_port()
        self.qemu = subprocess.Popen(
            ["setpriv", "--pdeathsig=KILL",
             *qemu_command(cache, disk, self._ssh_port, self._agent_port, self._monitor,
                           self.console), *options],
            stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
        undo.callback(self._stop)
        wait_for(self._answers, 180, "the guest answers on its SSH port", every=0.2)
        self.wait_for(self.is_booted, 120, "the guest has booted")

    def _answers(self) -> bool:
        if self.qemu.poll() is not None:
            said = self.qemu.stdout.read().decode(errors="replace")
            raise AssertionError(f"qemu ended with {self.qemu.returncode}: {said}")
        if self._channel is None or self._channel.poll() is not None:
            self._channel = subprocess.Popen(
                ["setpriv", "--pdeathsig=KILL", *self._ssh("-M", "-N", "-o", "ConnectTimeout=60")],
                stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        return subprocess.run(self._ssh("-O", "check"), capture_output=True).returncode == 0

    def _stop(self) -> None:
        for process in (self._channel, self.qemu):  # its disk is a copy: nothing to save
            if process is not None:
                process.kill()
                process.wait(10)
        self.qemu.stdout.close()

    def _ssh(self, *options: str) -> list[str]:
        return ["ssh", "-F", "none", "-i", str(self._key), "-p", str(self._ssh_port), "-q",
                "-o", "StrictHostKeyChecking=no", "-o", "UserKnownHostsFile=/dev/null",
                "-o", "BatchMode=yes", "-o", f"ControlPath={self._control}", *options,
                "root@127.0.0.1"]

    def _enter(self, words: list[str]) -> list[str]:
        return self._ssh() + [shlex.join(words)]

    def connect(self, port: int, timeout: float = 15) -> socket.socket:
        assert port == AGENT_PORT, "only the agent's port is forwarded"
        return socket.create_connection(("127.0.0.1", self._agent_port), timeout)

    def ask_monitor(self, command: str) -> str:
        """One command to QEMU itself; its answer."""
        with socket.socket(socket.AF_UNIX) as monitor:
            monitor.settimeout(120)
            monitor.connect(str(self._monitor))
            read_prompt(monitor)
            monitor.sendall(command.encode() + b"\n")
            return read_prompt(monitor)


def read_prompt(monitor: socket.socket) -> str:
    said = b""
    while not said.endswith(b"(qemu) "):
        part = monitor.recv(65536)
        assert part, f"QEMU's monitor closed after {said!r}"
        said += part
    return said.decode(errors="replace")


def qemu_command(cache: Path, disk: Path, ssh_port: int, agent_port: int, monitor: Path,
                 console: Path) -> list[str]:
    network = (f"user,id=n0,restrict=on,hostfwd=tcp:127.0.0.1:{ssh_port}-:22,"
               f"hostfwd=tcp:127.0.0.1:{agent_port}-:{AGENT_PORT}")
    return ["qemu-system-x86_64", "-machine", "q35", "-accel", "tcg,thread=multi", "-cpu", "max",
            "-smp", "2", "-m", "1024", "-kernel", str(cache / "vmlinuz"),
            "-initrd", str(cache / "initrd.img"),
            "-append", "root=/dev/vda rw console=ttyS0 panic=-1 quiet",
            "-drive", f"file={disk},format=qcow2,if=virtio,cache=unsafe",
            "-netdev", network, "-device", "virtio-net-pci,netdev=n0", "-display", "none",
            "-serial", f"file:{console}", "-monitor", f"unix:{monitor},server,nowait",
            "-no-reboot"]


def snapshot() -> Path:
    """The cache of a booted guest: disk.qcow2 with the snapshot, kernel and SSH key."""
    image.need_root_and(*TOOLS)
    qemu = subprocess.run(["qemu-system-x86_64", "--version"], capture_output=True, text=True,
                          check=True).stdout
    packages = image.HOST_PACKAGES + image.LIBRARY_PACKAGES + image.GUEST_PACKAGES
    return image.cached("guest", f"{image.RECIPE} {RECIPE} {qemu} {packages}",
                        lambda draft: make_snapshot(draft, packages))


def make_snapshot(cache: Path, packages: list[str]) -> None:
    cache.mkdir()
    make_disk(cache, packages)
    image.say("booting it once, for the snapshot")
    with contextlib.ExitStack() as undo:
        work = undo.enter_context(image.work_folder())
        guest = Guest("snapshot")
        guest._start(cache, cache / "disk.qcow2", work, undo, [])
        said = guest.ask_monitor(f"savevm {SNAPSHOT}")
        assert "rror" not in said, said
        guest.ask_monitor("stop")


def make_disk(cache: Path, packages: list[str]) -> None:
    root, raw = cache / "root", cache / "disk.raw"
    image.bootstrap(root, packages)
    subprocess.run(["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", cache / "key"], check=True)
    (root / "root/.ssh").mkdir(mode=0o700, exist_ok=True)
    shutil.copy(cache / "key.pub", root / "root/.ssh/authorized_keys")
    (root / "etc/hostname").write_text("guest\n")
    (root / "etc/systemd/network/10-wired.network").write_text(NETWORK)
    for verb, units in (("enable", ["systemd-networkd", "ssh"]), ("mask", MASKED)):
        subprocess.run(["systemctl", f"--root={root}", "--quiet", verb, *units], check=True)
    for kind in ("vmlinuz", "initrd.img"):
        found = sorted((root / "boot").glob(f"{kind}-*"))
        assert len(found) == 1, f"{kind} in the guest's /boot: {found}"
        shutil.move(found[0], cache / kind)
    subprocess.run(["mke2fs", "-q", "-t", "ext4", "-d", root, raw, "3G"], check=True)
    subprocess.run(["qemu-img", "convert", "-O", "qcow2", raw, cache / "disk.qcow2"], check=True)
    raw.unlink()
    shutil.rmtree(root)
