"""Image: the Debian root all booted hosts start from, made once and kept in build/cache."""

import contextlib
import fcntl
import hashlib
import os
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Callable, Iterable, Iterator

from project import CACHE

RELEASE = "bookworm"
# What a runner host has: systemd, D-Bus and polkit.
HOST_PACKAGES = [
    "systemd", "systemd-sysv", "libpam-systemd", "dbus", "polkitd",
    "procps", "iproute2", "ca-certificates",
]
# What the binaries link (ADR 0015), the sanitizers' run-time libraries among it.
LIBRARY_PACKAGES = [
    "libsystemd0", "libsqlite3-0", "libssl3", "zlib1g", "libstdc++6", "libasan8", "libubsan1", "libtsan2",
]
RPM_PACKAGES = ["dnf", "rpm"]
# What a virtual machine needs beyond that.
GUEST_PACKAGES = [
    "linux-image-cloud-amd64", "initramfs-tools", "openssh-server", "udev", "kmod", "login",
]
# Raise it when what bootstrap() does changes: it is part of the caches' keys.
RECIPE = 2
RUNNER_USER = "build"
TOOLS = ("mmdebstrap", "systemd-nspawn", "nsenter", "setpriv")


def need_root_and(*tools: str) -> None:
    """Booting hosts needs these; ./dev installs the tools. A missing one is a failure, no skip."""
    assert os.geteuid() == 0, "booted hosts need root: run ./dev test, which asks sudo"
    missing = [tool for tool in tools if shutil.which(tool) is None]
    assert not missing, f"missing on this machine: {', '.join(missing)}; ./dev test installs them"


def cached(name: str, recipe: str, make: Callable[[Path], None]) -> Path:
    """build/cache/NAME-HASH, made by `make(path)` unless it is there. HASH is of the recipe.
    One process makes it, others wait; versions of other recipes go."""
    CACHE.mkdir(parents=True, exist_ok=True)
    path = CACHE / f"{name}-{hashlib.sha256(recipe.encode()).hexdigest()[:12]}"
    with locked(CACHE / f"{name}.lock"):
        if not path.exists():
            for old in [*CACHE.glob(f"{name}-*"), *CACHE.glob(f"{name}.draft")]:
                shutil.rmtree(old)
            draft = CACHE / f"{name}.draft"
            make(draft)
            draft.rename(path)
    return path


@contextlib.contextmanager
def locked(path: Path) -> Iterator[None]:
    with open(path, "w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield


@contextlib.contextmanager
def work_folder() -> Iterator[Path]:
    """A folder in the cache that goes after use, and at the next call if its process was killed."""
    CACHE.mkdir(parents=True, exist_ok=True)
    for folder in abandoned(CACHE.glob("run-*")):
        shutil.rmtree(folder, ignore_errors=True)
    with tempfile.TemporaryDirectory(dir=CACHE, prefix="run-", suffix=f"-{os.getpid()}") as folder:
        yield Path(folder)


def abandoned(paths: Iterable[Path]) -> list[Path]:
    """Those whose name ends in -PID of a process that is no more."""
    return [path for path in paths if not Path(f"/proc/{path.name.split('-')[-1]}").exists()]


def bootstrap(target: Path, packages: list[str]) -> None:
    say(f"making a Debian root in {target} (once)")
    made = subprocess.run(
        ["mmdebstrap", "--quiet", "--variant=minbase", "--include=" + ",".join(packages),
         f'--customize-hook=chroot "$1" useradd --create-home {RUNNER_USER}', RELEASE, str(target)],
        stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
        timeout=480)
    assert made.returncode == 0, f"mmdebstrap failed:\n{made.stdout}"
    # Empty, not "uninitialized": otherwise first-boot set-up runs, and fails without a terminal.
    (target / "etc/machine-id").write_text("")
    (target / "etc/hostname").unlink(missing_ok=True)


def host_root() -> Path:
    """The root of hosts in systemd-nspawn."""
    return _root("root", HOST_PACKAGES + LIBRARY_PACKAGES)


def rpm_root() -> Path:
    """The same with dnf and rpm."""
    return _root("rpm-root", HOST_PACKAGES + LIBRARY_PACKAGES + RPM_PACKAGES)


def _root(name: str, packages: list[str]) -> Path:
    need_root_and(*TOOLS)
    return cached(name, f"{RECIPE} {packages}", lambda draft: bootstrap(draft, packages))


def say(text: str) -> None:
    print(text, file=sys.stderr, flush=True)
