"""Log shipping beside the real journald, under load while it rotates and vacuums; and on disks that
are full. Needs root: a journald of its own namespace, and mounts.
"""

import contextlib
import os
import random
import socket
import struct
import subprocess
import time
import uuid
from pathlib import Path

import pytest

from fake_loki import FakeLoki
from log_ledger_check import ShippingAgent, Written, counted, kept, order_is_kept, shipping
from polling import Unmet, wait_for

pytestmark = pytest.mark.skipif(os.geteuid() != 0, reason="it needs root")
JOURNALD = "/lib/systemd/systemd-journald"
PLACE = "SELECT * FROM log_place"
SENT = "SELECT value FROM log_counters WHERE counter = 'sent'"


class Journald:
    """A journald of a namespace (systemd-journald.service(8)), as the feed of a Written."""

    def __init__(self, settings, persistent=False):
        self.name = f"paws{uuid.uuid4().hex[:8]}"
        machine = Path("/etc/machine-id").read_text().strip()
        self._storage = "persistent" if persistent else "volatile"
        self.directory = Path(f"/{'var' if persistent else 'run'}/log/journal/{machine}.{self.name}")
        # Without it the host's own journald keeps nothing on disk: it must not stay.
        self._top = None if self.directory.parent.exists() else self.directory.parent
        self._config = Path(f"/run/systemd/journald@{self.name}.conf.d/test.conf")
        self._run = Path(f"/run/systemd/journal.{self.name}")
        self._settings = settings

    def __enter__(self):
        self._config.parent.mkdir(parents=True)
        self._config.write_text(f"[Journal]\nStorage={self._storage}\nRateLimitIntervalSec=0\n"
                                "RateLimitBurst=0\nReadKMsg=no\nAudit=no\n" + self._settings)
        self._process = subprocess.Popen(
            ["setpriv", "--pdeathsig=TERM", JOURNALD, self.name],
            stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        path = self._run / "socket"
        wait_for(path.exists, 30, "journald listens")
        self._socket = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        self._socket.connect(str(path))
        self.write("first")
        wait_for(lambda: list(self.directory.glob("*.journal")), 30, "its journal")
        return self

    def __exit__(self, *_):
        self._socket.close()
        self._process.terminate()
        self._process.wait(10)
        for path in (self._config.parent, self._run, self.directory):
            subprocess.run(["rm", "-rf", path], check=True)
        if self._top:
            self._top.rmdir()

    def write(self, message, user=0, **fields):
        data = message.encode() if isinstance(message, str) else message
        del fields  # which unit it is, journald says
        sender = struct.pack("iII", os.getpid(), user, user)
        self._socket.sendmsg([b"SYSLOG_IDENTIFIER=load\nPRIORITY=6\nMESSAGE\n"
                              + len(data).to_bytes(8, "little") + data + b"\n"],
                             [(socket.SOL_SOCKET, socket.SCM_CREDENTIALS, sender)])

    def rotate(self):
        self.tell("--rotate")

    def tell(self, *verb):
        subprocess.run(["journalctl", f"--namespace={self.name}", *verb], check=True,
                       capture_output=True, timeout=30)


class Loaded(Written):
    """Lines that journald takes itself: of no unit, told apart by their identifier."""

    def held(self, loki):
        return [row for row in loki.held() if row.metadata.get("identifier") == "load"
                and row.line != "first"]


def test_a_real_journald_under_load_that_rotates():
    with Journald("SystemMaxUse=64M\nRuntimeMaxUse=64M\nRuntimeMaxFileSize=1M\n") as journald, \
            FakeLoki() as loki, ShippingAgent(shipping(journald, loki.url)) as agent:
        book = Loaded(journald)
        for turn in range(12):
            book.lines(1500, size=100)
            if turn % 3 == 0:
                journald.rotate()
            if turn in (4, 8):
                loki.down()
            elif turn in (6, 10):
                loki.up()
            elif turn == 7:
                agent.kill()
                agent.start(ready=False)
        journald.tell("--sync")
        book.check(loki, 60)
        rotated = list(journald.directory.glob("system@*.journal"))
        print(f"{len(rotated)} archives")
        assert len(rotated) >= 4
        assert [row.line for row in book.held(loki)] == book.texts, "in their order"
        assert counted(agent, "dropped_total") == counted(agent, "journal_gaps_total") == 0


def what_was_vacuumed(agent, loki, book):
    """Waits for all that was not. Those lines that were; as many are counted."""
    wait_for(lambda: any(row.line == book.texts[-1] for row in book.held(loki)), 60, "the last")
    held = {row.line for row in book.held(loki)}
    missing = [text for text in book.texts if text not in held]
    book.check(loki, 60, apart=missing)
    wait_for(lambda: counted(agent, "journal_gaps_total") >= 1, 30, "the gap is counted")
    vacuumed = counted(agent, "dropped_total", reason="vacuumed")
    # Of each file that is wiped while it is read one entry may be half there.
    halves = counted(agent, "dropped_total", reason="unreadable")
    # journald numbers lines of its own, too: it says what it has vacuumed.
    print(f"{len(missing)} were vacuumed, {vacuumed:.0f} are counted, {halves:.0f} as unreadable")
    assert 1000 < len(missing) <= vacuumed + halves <= len(missing) + 20
    assert halves <= 5
    return missing


def test_a_real_journald_that_vacuums_what_was_not_read_yet():
    with Journald("RuntimeMaxUse=4M\nRuntimeMaxFileSize=1M\n") as journald, FakeLoki() as loki, \
            ShippingAgent(shipping(journald, loki.url, batch_lines=500)) as agent:
        book = Loaded(journald)
        book.lines(100)
        book.check(loki)
        # Until the place is kept what is vacuumed counts from before these lines.
        wait_for(lambda: counted(agent, "entries_sent_total") >= 100, 30, "the place is kept")
        agent.kill()
        book.lines(20_000, size=300)
        journald.tell("--sync")
        agent.start()
        missing = what_was_vacuumed(agent, loki, book)
        assert missing == book.texts[100:100 + len(missing)], "the oldest"


def test_a_real_journald_that_vacuums_while_loki_is_down():
    with Journald("RuntimeMaxUse=4M\nRuntimeMaxFileSize=1M\n") as journald, FakeLoki() as loki, \
            ShippingAgent(shipping(journald, loki.url, batch_lines=500)) as agent:
        book = Loaded(journald)
        book.lines(100)
        book.check(loki)
        loki.down()
        book.lines(20_000, size=300)
        journald.tell("--sync")
        loki.up()
        missing = what_was_vacuumed(agent, loki, book)
        assert book.texts.index(missing[0]) > 100, "it held what it had read"


@pytest.mark.parametrize("stopped", [False, True])
def test_a_real_journald_that_vacuums_some_files_of_users(stopped):
    """Each user's files are a sequence of their own, and all are numbered together: where that of
    one is removed, what the others logged meanwhile is still there."""
    with Journald("SystemMaxUse=4M\nSystemMaxFileSize=1M\n", persistent=True) as journald, \
            FakeLoki() as loki, \
            ShippingAgent(shipping(journald, loki.url, batch_lines=500)) as agent:
        book = Loaded(journald)
        chance = random.Random(9)

        def lines(count):
            end = len(book.texts) + count
            while len(book.texts) < end:
                book.lines(chance.randint(1, 40), size=300, user=chance.choice((0, 1000, 1001)))

        lines(200)
        book.check(loki)
        sent = len(book.texts)
        wait_for(lambda: counted(agent, "entries_sent_total") >= sent, 30, "the place is kept")
        assert len(list(journald.directory.glob("user-*.journal"))) == 2
        if stopped:
            agent.kill()
        else:
            loki.down()
        lines(20_000)
        journald.tell("--sync")
        if stopped:
            agent.start()
        else:
            loki.up()
        lines(500)  # of each user: a sequence tells what was lost when it goes on
        missing = what_was_vacuumed(agent, loki, book)
        holes = [text for text, before in zip(missing[1:], missing)
                 if book.texts.index(text) > book.texts.index(before) + 1]
        assert len(holes) > 3, "the files of one user are gone, those of others are not"


def test_a_namespace_is_read_by_its_name():
    with Journald("") as journald, FakeLoki() as loki:
        by_name = shipping(journald, loki.url).replace(
            f'directory = "{journald.directory}"', f'namespace = "{journald.name}"')
        with ShippingAgent(by_name):
            book = Loaded(journald)
            book.lines(200)
            assert book.check(loki) == 0


def test_a_young_journal_has_room():
    """No file was archived yet: nothing could be removed before what waits, and nothing has to be."""
    with Journald("RuntimeMaxUse=48M\nRuntimeKeepFree=1M\n") as journald, FakeLoki() as loki, \
            ShippingAgent(shipping(journald, loki.url)) as agent:
        book = Loaded(journald)
        book.lines(100)
        book.check(loki)
        wait_for(lambda: counted(agent, "journal_reserve_bytes") > 0, 30, "it is told")
        files = list(journald.directory.glob("*.journal"))
        used = sum(path.stat().st_size for path in files)
        assert [path.name for path in files] == ["system.journal"]
        assert counted(agent, "journal_reserve_bytes") == (48 << 20) - used


def test_what_journald_can_still_remove_becomes_less_before_a_line_is_lost():
    with Journald("RuntimeMaxUse=6M\nRuntimeMaxFileSize=1M\n") as journald, FakeLoki() as loki, \
            ShippingAgent(shipping(journald, loki.url, batch_lines=500)) as agent:
        def reserve():
            return counted(agent, "journal_reserve_bytes")

        book = Loaded(journald)
        for _ in range(5):  # the journal holds 7,000: all at once, a slow agent would have lost some already
            book.lines(4_000, size=200)
            book.check(loki, 60)
        wait_for(lambda: reserve() >= 3 << 20, 30, "what was shipped may go")
        before = reserve()
        loki.down()
        book.lines(4_000, size=200)  # of which the agent holds two batches
        wait_for(lambda: reserve() <= before - (1 << 20) or Unmet(reserve()), 30, "it becomes less")
        print(f"reserve: {before:.0f}, then {reserve():.0f}")
        loki.up()
        book.check(loki, 60)
        assert counted(agent, "dropped_total") == counted(agent, "journal_gaps_total") == 0


@contextlib.contextmanager
def small_disk(path, size):
    path.mkdir()
    subprocess.run(["mount", "-t", "tmpfs", "-o", f"size={size},mode=700", "tmpfs", path], check=True)
    try:
        yield
    finally:
        subprocess.run(["umount", "-l", path], check=True)


def fill(path):
    with contextlib.suppress(OSError), open(path, "wb", buffering=0) as out:
        while True:
            out.write(b"x" * 4096)


def test_a_full_disk_where_the_place_is_kept(feed, tmp_path):
    state = tmp_path / "state"
    with FakeLoki() as loki, small_disk(state, "3m"):
        agent = ShippingAgent(shipping(feed, loki.url))
        agent.config.write_text(agent.config.read_text().replace(str(agent.state), str(state)))
        agent.state = state
        book = Written(feed)

        def all_is_kept():
            return kept(agent, SENT) == [(len(book.texts),)]

        def store_works():
            return agent.metrics().value("paws_agent_collector_success", collector="store") == 1

        with agent:
            book.lines(200)
            wait_for(all_is_kept, 30, "the place is kept")
            before = kept(agent, PLACE)
            fill(state / "fill")
            for _ in range(10):
                book.lines(300)
                time.sleep(0.15)
            assert book.check(loki) == 0, "lines arrive also when their place cannot be kept"
            assert kept(agent, PLACE) == before
            wait_for(lambda: "paws.db: its disk is full" in agent.log(), 30, "its log says why")
            assert not store_works()
            agent.kill()
            agent.start()
            book.lines(100)
            assert book.check(loki) == 3000, "all since the place come again, and they alone"
            assert kept(agent, PLACE) == before
            (state / "fill").unlink()
            # What could not be kept is kept a little later.
            wait_for(all_is_kept, 60, "the place is kept")
            wait_for(store_works, 30, "it says so")
            agent.kill()
            book.lines(100)
            agent.start()
            assert book.check(loki) == 3000, "and never again"
            order_is_kept(loki)
