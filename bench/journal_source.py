"""A journal of made-up entries as services write them: 22 fields each, lines of 60 to 140 bytes."""

import mmap
import random
import struct
import subprocess
import sys
import time
from pathlib import Path

REMOTE = "/lib/systemd/systemd-journal-remote"
UNITS = [f"service-{number}" for number in range(20)]
WORDS = ("request handled connection from client in ms status user session started finished cache hit miss "
         "queue worker retry timeout path upload build step container image layer").split()
BATCH = 5_000


def entry(which, moment):
    name = UNITS[random.randrange(len(UNITS))]
    place = UNITS.index(name)
    words = " ".join(random.choices(WORDS, k=random.randint(6, 16)))
    return f"""__REALTIME_TIMESTAMP={moment}
__MONOTONIC_TIMESTAMP={which * 1000 + 1000}
_BOOT_ID=0123456789abcdef0123456789abcdef
_TRANSPORT=stdout
PRIORITY={random.choice("66666345")}
SYSLOG_FACILITY=3
SYSLOG_IDENTIFIER={name}
MESSAGE={words} id={which}
_STREAM_ID=5f{place:030x}
_PID={1000 + place}
_UID=998
_GID=998
_COMM={name}
_EXE=/usr/bin/{name}
_CMDLINE=/usr/bin/{name} --serve --config /etc/{name}.conf
_CAP_EFFECTIVE=0
_SELINUX_CONTEXT=unconfined
_SYSTEMD_CGROUP=/system.slice/{name}.service
_SYSTEMD_UNIT={name}.service
_SYSTEMD_SLICE=system.slice
_SYSTEMD_INVOCATION_ID=aa{place:030x}
_MACHINE_ID=11111111111111111111111111111111
_HOSTNAME=bench
_RUNTIME_SCOPE=system

"""


def write(file: Path, begin: int, chunks) -> None:
    with subprocess.Popen([REMOTE, f"--output={file}", "-"], stdin=subprocess.PIPE,
                          stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL) as remote:
        for numbers in chunks:
            remote.stdin.write("".join(entry(n, begin + n * 1000) for n in numbers).encode())
        remote.stdin.close()


def number(file: Path, given) -> None:
    """Gives the entries of the file the next of these numbers (systemd: journal-def.h)."""
    header_size, tail_object, tail_number, head_number, entry_type = 88, 136, 160, 168, 3
    with file.open("r+b") as opened, mmap.mmap(opened.fileno(), 0) as journal:
        def read(offset):
            return struct.unpack_from("<Q", journal, offset)[0]

        at, end, first, last = read(header_size), read(tail_object), None, 0
        while at <= end:
            if journal[at] == entry_type:
                last = next(given)
                first = last if first is None else first
                struct.pack_into("<Q", journal, at + 16, last)
            at += (read(at + 8) + 7) // 8 * 8
        struct.pack_into("<Q", journal, head_number, first)
        struct.pack_into("<Q", journal, tail_number, last)


def make(directory: Path, count: int, users: bool) -> None:
    """Fills `directory` with `count` entries of the last minutes; keeps one that is there already. With
    users each fifth run of ten is in the file of a user, which has a sequence of its own: as journald does
    it, all entries are numbered together."""
    stamp = directory / ".complete"
    content = f"{count} entries, numbered together"
    if stamp.exists() and stamp.read_text() == content:
        return
    directory.mkdir(parents=True, exist_ok=True)
    for file in directory.iterdir():
        file.unlink()
    print(f"writing a journal of {count} entries", file=sys.stderr, flush=True)
    random.seed(1)
    begin = int(time.time() * 1e6) - count * 1000

    def of(is_user, numbers):
        return [n for n in numbers if (users and n // 10 % 5 == 0) == is_user]

    for name, is_user in (("system", False), ("user-1000", True))[:1 + users]:
        file = directory / f"{name}.journal"
        write(file, begin, (of(is_user, range(first, min(first + BATCH, count)))
                            for first in range(0, count, BATCH)))
        numbers = (n + 1 for n in of(is_user, range(count)))
        for part in [*sorted(directory.glob(f"{name}@*")), file]:  # it may have been rotated
            number(part, numbers)
    stamp.write_text(content)
