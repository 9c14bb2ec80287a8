"""Log shipping from a journal with damaged files: cut short, with bits flipped, cut while it is
read. What is in other files arrives completely, the agent lives and rests.

PAWS_SEED is the choice of damage; at night it is another each time ("random").
"""

import os
import random
import time

import pytest

from fake_loki import FakeLoki
from journal_feed import JournalFeed
from log_ledger_check import (ShippingAgent, Written, counted, order_is_kept, shipping,
                              wait_for_count)
from polling import Unmet, wait_for

CHOICE = os.environ.get("PAWS_SEED", "1")
SEED = random.SystemRandom().randint(1, 10 ** 6) if CHOICE == "random" else int(CHOICE)
LINES = 150  # of a file
PIECES = 5  # into which a text of 1 MiB is cut, the longest that is read


def archive(feed, unit, chance):
    """A whole archived file with lines of this unit, and what was written."""
    book = Written(feed, unit)
    for _ in range(LINES):
        # Some are long enough to be compressed.
        book.lines(1, size=chance.choice((0, 60, 900, 9000)), _PID=str(chance.randint(2, 99)))
    return feed.rotate(), book


def number_at(data, at):
    return int.from_bytes(data[at:at + 8], "little")


def used(data):
    """Where the objects of a file begin, after its hash tables, and where they end; what follows
    is reserved (systemd: journal-def.h)."""
    begin = max(number_at(data, at) + number_at(data, at + 8) for at in (104, 120))
    return begin, number_at(data, 136) + 64


def read_all(directory, damage, chance):
    """One agent reads a good file, those that `damage` has changed, and what comes after, all of one
    sequence. Checks what must hold, and says what became of each damaged file, and how many lines
    are told to be lost."""
    written = []
    with JournalFeed(directory) as feed:
        _, first = archive(feed, "first.service", chance)
        for number, change in enumerate(damage):
            path, book = archive(feed, f"damaged{number}.service", chance)
            data = bytearray(path.read_bytes())
            change(data, *used(data))
            path.write_bytes(data)
            written.append(book)
        _, last = archive(feed, "last.service", chance)
        return ship(feed, (first, last), written)


def ship(feed, good, damaged):
    with FakeLoki() as loki, \
            ShippingAgent(shipping(feed, loki.url, start='"beginning"', batch_lines=100)) as agent:
        book = Written(feed)
        book.lines(50)
        book.check(loki, 30)
        for one in good:
            # What damaged entries led past comes after the rest.
            wait_for(lambda: len(one.held(loki)) >= LINES, 30, f"the lines of {one.unit}")
            assert [row.line for row in one.held(loki)] == one.texts, one.unit
            order_is_kept(loki, one.unit)
        rests(agent)
        book.lines(50)  # it goes on
        book.check(loki, 30)
        agent.kill()
        agent.start()
        book.lines(50)
        book.check(loki, 30)
        outcomes = []
        for one in damaged:
            held = {row.line for row in one.held(loki)}
            outcomes.append((len(held & set(one.texts)), len(held - set(one.texts))))
        metrics = agent.metrics()
        unreadable = metrics.sum("paws_logs_dropped_total")
        print(f"of {LINES} lines each there are, and there are wrong: {outcomes};"
              f" counted as lost: {unreadable:.0f},"
              f" gaps: {metrics.sum('paws_logs_journal_gaps_total'):.0f}")
    return outcomes, unreadable


def rests(agent):
    """It does not spin, once it has done what there was to do."""
    def is_idle():
        before = cpu_ticks(agent)
        time.sleep(0.7)
        return (spent := cpu_ticks(agent) - before) < 0.4 * os.sysconf("SC_CLK_TCK") or Unmet(spent)
    wait_for(is_idle, 20, "it rests")


def cpu_ticks(agent):
    with open(f"/proc/{agent.pid}/stat") as stat:
        fields = stat.read().rpartition(")")[2].split()
    return int(fields[11]) + int(fields[12])


def cut_at(share):
    def cut(data, _begin, end):
        del data[int(end * share):]
    return cut


def flip(chance, bits):
    def change(data, begin, end):
        for _ in range(bits):
            data[chance.randrange(begin, end)] ^= 1 << chance.randrange(8)
    return change


def test_files_that_are_cut_short(tmp_path):
    chance = random.Random(1)
    shares = [0, 0.001, 0.01, 0.1, 0.3, 0.5, 0.7, 0.9, 0.97, 0.999]
    outcomes, lost = read_all(tmp_path, [cut_at(share) for share in shares], chance)
    assert all(wrong == 0 for _, wrong in outcomes)
    assert lost == sum(LINES - held for held, _ in outcomes)


def test_a_file_that_cannot_be_read_between_others_is_counted_to_the_line(feed):
    book = Written(feed)
    for _ in range(5):
        book.lines(LINES)
        feed.rotate()
    damaged = feed.archives()[2]
    os.truncate(damaged, used(damaged.read_bytes())[1] // 2)
    lost = book.texts[2 * LINES:3 * LINES]
    with FakeLoki() as loki, \
            ShippingAgent(shipping(feed, loki.url, start='"beginning"')) as agent:
        book.lines(50)
        assert book.check(loki, apart=lost) == 0
        order_is_kept(loki)
        wait_for_count(agent, len(lost), "dropped_total", reason="unreadable")
        assert counted(agent, "dropped_total") == len(lost)


@pytest.mark.parametrize("turn", range(4))
def test_files_with_a_flipped_bit(tmp_path, turn):
    print(f"PAWS_SEED={SEED}")
    chance = random.Random(SEED + turn)
    outcomes, _ = read_all(tmp_path, [flip(chance, 1) for _ in range(13)], chance)
    # If it is in the size of a text, that goes on into what follows in the file.
    assert all(wrong <= PIECES for _, wrong in outcomes), "one bit is in one text, if in any"


def test_files_with_many_flipped_bits(tmp_path):
    print(f"PAWS_SEED={SEED}")
    chance = random.Random(SEED)
    read_all(tmp_path, [flip(chance, 60) for _ in range(8)], chance)


def test_a_header_that_lies(tmp_path):
    chance = random.Random(2)

    def header(at, value):
        def change(data, _begin, _end):
            data[at:at + 8] = value.to_bytes(8, "little")
        return change

    huge = 1 << 62
    read_all(tmp_path,
             [header(at, value) for at in (88, 96, 136, 152, 160, 176) for value in (0, 8, huge)],
             chance)


def test_a_file_that_is_cut_while_it_is_read(feed):
    with FakeLoki() as loki, ShippingAgent(shipping(feed, loki.url, batch_lines=100)) as agent:
        book, last = Written(feed), Written(feed, "last.service")
        book.lines(50)
        book.check(loki)
        loki.down()
        book.lines(3000, size=300)
        path = feed.rotate()
        last.lines(100)
        time.sleep(0.5)
        os.truncate(path, used(path.read_bytes())[1] // 2)
        loki.up()
        wait_for(lambda: len(last.held(loki)) >= 100 or agent.process.poll() is not None, 30,
                 "what comes after")
        assert agent.process.poll() is None, f"it ended with {agent.process.returncode}"
        rests(agent)
        last.check(loki)
        held = {row.line for row in book.held(loki)}
        dropped = agent.ask("logs")["result"]["counts"]["dropped"]
        print(f"{len(held)} of {len(book.texts)} lines are there, {dropped} are told to be lost")
        # What libsystemd can still read of such a file is its affair.
        assert held < set(book.texts) and len(held) >= 50
        assert len(held) + sum(dropped.values()) == len(book.texts)
        order_is_kept(loki)
