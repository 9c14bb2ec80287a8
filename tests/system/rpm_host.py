"""A booted host whose packages are dnf's. Its files are Debian's, and one package in rpm's database stands for them.
What that provides is read off those files, so that a dependency that no host has is missing here too."""

import contextlib
import subprocess
from pathlib import Path
from typing import Iterator

import image
from nspawn import BootedHost

STANDS_FOR_THE_HOST = """
Name: what-the-host-has
Version: 1
Release: 1
Summary: What the files of this host provide
License: None
{provides}
%description
%files
"""


@contextlib.contextmanager
def boot(label: str, binds: dict[Path, str], systemd: str | None = None) -> Iterator[BootedHost]:
    """`systemd`: the version that rpm believes in, if another than the host's."""
    with BootedHost(label, binds, root=image.rpm_root) as host:
        # As on RHEL-likes: rpm's own path instead of Debian's, and only what a preset names is enabled.
        host.write("/etc/rpm/macros", "%_dbpath /var/lib/rpm\n")
        host.write("/usr/lib/systemd/system-preset/99-default-disable.preset", "disable *\n")
        version = systemd or host.run("systemctl --version").stdout.split()[1]
        with image.work_folder() as folder:
            made = stand_in(folder, [*provided(host.root), "rtld(GNU_HASH)", "/bin/sh", f"systemd = {version}"])
            host.copy_in(made, "/srv/host.rpm")
        rpm(host, "--install", "/srv/host.rpm")
        yield host


def rpm(host: BootedHost, *words: str) -> str:
    return host.run(["rpm", *words], timeout=60).stdout


def dnf(host: BootedHost, *words: str, check: bool = True) -> subprocess.CompletedProcess[str]:
    return host.run(["dnf", "--assumeyes", *words], check=check, timeout=60)


def provided(root: Path) -> list[str]:
    """What rpm's own reader of ELF files finds in the libraries of a root."""
    libraries = [str(path) for path in (root / "usr/lib/x86_64-linux-gnu").glob("*.so.*")]
    done = subprocess.run(["/usr/lib/rpm/rpmdeps", "--provides"], input="\n".join(libraries),
                          capture_output=True, text=True, timeout=60, check=True)
    return sorted(set(done.stdout.split("\n")) - {""})


def stand_in(folder: Path, names: list[str]) -> Path:
    """A package without files that provides `names`."""
    spec = folder / "host.spec"
    spec.write_text(STANDS_FOR_THE_HOST.format(provides="\n".join(f"Provides: {name}" for name in names)))
    made = subprocess.run(["rpmbuild", "-bb", f"--define=_topdir {folder}", spec],
                          capture_output=True, text=True, timeout=60)
    assert made.returncode == 0, made.stdout + made.stderr
    return next(folder.glob("RPMS/*/*.rpm"))
