"""JournalFeed: a real journal directory that is written to live, with no journald.

systemd-journal-remote turns export text from its standard input into journal files; who reads the
directory sees each entry at once. Here the fields that journald would vouch for are ours to say.
"""

import shutil
import socket
import struct
import subprocess
import threading
import time
import uuid
from pathlib import Path

from polling import wait_for

REMOTE = Path("/lib/systemd/systemd-journal-remote")
CREDENTIALS = struct.Struct("iII")  # pid, uid, gid (unix(7), SCM_CREDENTIALS)

# Where it is in the header of a journal file, and how long (systemd: journal-def.h).
HEADER = 256
STATE, ARCHIVED = 16, 2
SEQNUM_ID = (72, 16)
TAIL_SEQNUM, HEAD_SEQNUM, HEAD_REALTIME = (160, 8), (168, 8), (184, 8)


class JournalFeed:
    def __init__(self, directory: Path) -> None:
        self.directory = directory
        self._boot = Path("/proc/sys/kernel/random/boot_id").read_text().strip().replace("-", "")
        self._lock = threading.Lock()

    def __enter__(self) -> "JournalFeed":
        assert REMOTE.exists(), f"{REMOTE} is missing: install systemd-journal-remote"
        self.directory.mkdir(parents=True, exist_ok=True)
        self._open()
        return self

    def __exit__(self, *_: object) -> None:
        self._close()

    def _open(self) -> None:
        self._remote = subprocess.Popen(
            ["setpriv", "--pdeathsig=TERM", REMOTE,
             f"--output={self.directory}/system.journal", "-"],
            stdin=subprocess.PIPE, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE)

    def _close(self) -> None:
        self._remote.stdin.close()
        self._remote.wait(30)
        self._remote.stderr.close()

    def vacuum(self) -> None:
        """All that was written is gone; what comes goes to new files."""
        with self._lock:
            self._close()
            for file in self.directory.iterdir():
                file.unlink()
            self._open()

    def rotate(self) -> Path:
        """As journald does: what was written becomes an archive, and a new file goes on counting
        where it stopped."""
        with self._lock:
            self._close()
            file = self.directory / "system.journal"
            head = bytearray(file.read_bytes()[:HEADER])
            numbers, last, first, began = (head[at:at + size] for at, size in (
                SEQNUM_ID, TAIL_SEQNUM, HEAD_SEQNUM, HEAD_REALTIME))
            poke(file, STATE, bytes([ARCHIVED]))
            archive = file.with_name(f"system@{numbers.hex()}-{int.from_bytes(first, 'little'):016x}"
                                     f"-{int.from_bytes(began, 'little'):016x}.journal")
            file.rename(archive)
            self._open()
            wait_for(file.exists, 30, "a new file")
            self._close()
            poke(file, SEQNUM_ID[0], numbers)
            poke(file, TAIL_SEQNUM[0], last)
            self._open()
            return archive

    def archives(self) -> list[Path]:
        """The oldest first."""
        return sorted(self.directory.glob("system@*.journal"),
                      key=lambda file: file.stem.split("-")[-1])

    def write(self, message: str | bytes, at: float | None = None, **fields: str) -> None:
        """One entry, taken now or at the Unix time `at`. Field names as in the journal."""
        moment = time.time() if at is None else at
        entry = {
            "__REALTIME_TIMESTAMP": str(int(moment * 1e6)),
            "__MONOTONIC_TIMESTAMP": str(time.monotonic_ns() // 1000),
            "_BOOT_ID": self._boot,
            "PRIORITY": "6",
            **fields,
        }
        text = b"".join(f"{key}={value}\n".encode() for key, value in entry.items())
        data = message.encode() if isinstance(message, str) else message
        # The binary form takes any bytes (Journal Export Format, systemd.io).
        text += b"MESSAGE\n" + struct.pack("<Q", len(data)) + data + b"\n\n"
        with self._lock:
            self._remote.stdin.write(text)
            self._remote.stdin.flush()


class StdoutStream:
    """What journald does for the stdout of a unit: each line becomes an entry that names its
    sender, by the credentials the kernel attaches. Give `fileno()` to the process as its stdout."""

    def __init__(self, feed: JournalFeed, unit: str, identifier: str) -> None:
        self.invocation = uuid.uuid4().hex
        self.lines: list[bytes] = []  # all that was said
        self._feed = feed
        self._fields = {"_SYSTEMD_UNIT": unit, "_SYSTEMD_INVOCATION_ID": self.invocation,
                        "_TRANSPORT": "stdout", "SYSLOG_IDENTIFIER": identifier}
        self._ours, self._theirs = socket.socketpair()
        self._ours.setsockopt(socket.SOL_SOCKET, socket.SO_PASSCRED, 1)
        self._thread = threading.Thread(target=self._forward, daemon=True)
        self._thread.start()

    def fileno(self) -> int:
        return self._theirs.fileno()

    def started(self) -> None:
        """The process has its own copy of the descriptor: let its end be the end of the stream."""
        self._theirs.close()

    def join(self, timeout: float) -> None:
        self._thread.join(timeout)

    def _forward(self) -> None:
        rest, sender = b"", 0
        with self._ours:
            while True:
                data, ancillary, _, _ = self._ours.recvmsg(65536, socket.CMSG_SPACE(12))
                if not data:
                    return
                if ancillary:
                    sender = CREDENTIALS.unpack(ancillary[0][2][:12])[0]
                *lines, rest = (rest + data).split(b"\n")
                for line in lines:
                    if line.strip():  # journald drops empty lines too
                        self.lines.append(line)
                        self._feed.write(line, _PID=str(sender), **self._fields)


def poke(file: Path, at: int, data: bytes) -> None:
    with open(file, "r+b") as opened:
        opened.seek(at)
        opened.write(data)


def remove_journal(directory: Path) -> None:
    if directory.exists():
        shutil.rmtree(directory)
