"""Log shipping from a journal whose files come and go: rotated and vacuumed, at any moment."""

import random
import time

from fake_loki import FakeLoki
from journal_feed import JournalFeed
from log_ledger_check import (ShippingAgent, Written, counted, order_is_kept, shipping,
                              wait_for_count)
from polling import wait_for


def missing_of(book, loki):
    held = {row.line for row in book.held(loki)}
    return [text for text in book.texts if text not in held]


def test_rotated_again_and_again_while_it_is_read(feed):
    chance = random.Random(5)
    with FakeLoki() as loki, ShippingAgent(shipping(feed, loki.url, batch_lines=150)) as agent:
        book = Written(feed)
        book.lines(10)
        for number in range(15):
            book.lines(chance.randint(1, 500))
            feed.rotate()
            if number % 4 == 1:
                loki.down()
            elif number % 4 == 2:
                loki.up()
            elif number % 4 == 3:
                agent.kill()
                agent.start(ready=False)
        loki.up()
        book.lines(10)
        book.check(loki, 60)
        order_is_kept(loki)
        wait_for_count(agent, len(book.texts), "entries_sent_total")
        assert counted(agent, "dropped_total") == counted(agent, "journal_gaps_total") == 0


def test_vacuumed_while_no_agent_ran_is_counted_to_the_line(feed):
    with FakeLoki() as loki, ShippingAgent(shipping(feed, loki.url)) as agent:
        book = Written(feed)
        book.lines(100)
        book.check(loki)
        agent.stop()
        lost = []
        for number in range(4):
            book.lines(137 + number)
            if number < 2:
                lost += book.texts[-137 - number:]
            feed.rotate()
        for archive in feed.archives()[:2]:
            archive.unlink()  # the first holds also what was shipped
        book.lines(50)
        agent.start()
        book.check(loki, apart=lost)
        order_is_kept(loki)
        wait_for_count(agent, len(lost), "dropped_total", reason="vacuumed")
        assert counted(agent, "dropped_total") == len(lost)
        assert counted(agent, "journal_gaps_total") == 1
        agent.kill()
        agent.start()
        book.lines(50)
        book.check(loki, apart=lost)
        assert counted(agent, "dropped_total") == len(lost), "each is counted once"


def test_vacuumed_while_loki_is_down_is_counted_to_the_line(feed):
    with FakeLoki() as loki, ShippingAgent(shipping(feed, loki.url, batch_lines=100)) as agent:
        book = Written(feed)
        book.lines(50)
        book.check(loki)
        loki.down()
        of_file = []
        for _ in range(5):
            begin = len(book.texts)
            book.lines(300)
            feed.rotate()
            of_file.append(set(book.texts[begin:]))
        book.lines(50)
        time.sleep(0.5)
        for archive in feed.archives()[:3]:
            archive.unlink()
        wait_for(lambda: not deleted_files(agent), 30, "it lets go of what was removed")
        loki.up()
        wait_for(lambda: book.texts[-1] in {row.line for row in book.held(loki)}, 30, "the last")
        missing = missing_of(book, loki)
        book.check(loki, apart=missing)
        order_is_kept(loki)
        print(f"{len(missing)} were vacuumed")
        assert len(missing) > 500 and set(missing) <= set.union(*of_file[:3])
        wait_for_count(agent, len(missing), "dropped_total", reason="vacuumed")
        assert counted(agent, "dropped_total") == len(missing)
        assert counted(agent, "journal_gaps_total") == 1


def deleted_files(agent):
    with open(f"/proc/{agent.pid}/maps") as maps:
        return [line for line in maps if ".journal (deleted)" in line]


def test_all_of_the_journal_is_removed_and_it_goes_on(feed):
    with FakeLoki() as loki, ShippingAgent(shipping(feed, loki.url)) as agent:
        book = Written(feed)
        for _ in range(4):
            book.lines(100)
            book.check(loki)
            feed.vacuum()
            book.lines(100)
            book.check(loki)
        agent.stop()
        feed.vacuum()
        book.lines(100)
        agent.start()
        book.check(loki)
        order_is_kept(loki)


def test_a_journal_that_appears_late_is_read_from_its_beginning(tmp_path):
    late = JournalFeed(tmp_path / "late")
    with FakeLoki() as loki, ShippingAgent(shipping(late, loki.url)) as agent:
        wait_for(lambda: "the journal cannot be read" in agent.log(), 30, "it says so")
        with late:
            book = Written(late)
            book.lines(100)
            book.check(loki)
            order_is_kept(loki)


def test_a_directory_that_comes_back_is_read_on(feed):
    """As one that comes when the host is told to keep its journal: libsystemd would never look there."""
    with FakeLoki() as loki, ShippingAgent(shipping(feed, loki.url)):
        book = Written(feed)
        book.lines(20)
        book.check(loki)
        feed.directory.rename(feed.directory.with_name("aside"))
        with JournalFeed(feed.directory) as again:
            book.feed = again
            book.lines(20)
            book.check(loki, 60)
