"""Log shipping over restarts of the agent, of every kind: no line is lost.

PAWS_KILLS rounds of kill -9 (25 unless told; 200 at night), PAWS_SEED repeats them.
"""

import contextlib
import os
import random
import threading
import time

from fake_loki import FakeLoki
from fake_loki_faults import Fault
from log_ledger_check import (ShippingAgent, Written, is_still, kept, order_is_kept, shipping,
                              wait_for_count)
from polling import wait_for

KILLS = int(os.environ.get("PAWS_KILLS", "25"))
SEED = int(os.environ.get("PAWS_SEED", "0")) or random.SystemRandom().randint(1, 10 ** 6)


@contextlib.contextmanager
def fed(book, chance):
    """Lines go on being written, in bursts."""
    ended = threading.Event()

    def feed():
        while not ended.wait(chance.uniform(0.001, 0.02)):
            book.lines(chance.randint(1, 40))

    thread = threading.Thread(target=feed)
    thread.start()
    try:
        yield
    finally:
        ended.set()
        thread.join(10)


def taken_and_not_kept(agent, loki):
    """Lines that Loki has beyond the place that the agent, now dead, has kept: so many come again."""
    wait_for(lambda: loki.open_connections == 0, 30, "what was on its way has come, or never will")
    (kept_to,), = kept(agent, "SELECT value FROM log_counters WHERE counter = 'sent'") or [(0,)]
    return loki.lines() - kept_to


def test_killed_at_any_moment_nothing_is_lost_and_two_batches_at_most_come_again(feed):
    print(f"{KILLS} rounds, PAWS_SEED={SEED}")
    chance, feeding = random.Random(SEED), random.Random(SEED + 1)
    batch, again = 50, []
    with FakeLoki() as loki, \
            ShippingAgent(shipping(feed, loki.url, batch_wait='"20ms"', batch_lines=batch)) as agent:
        book = Written(feed)
        with fed(book, feeding):
            for turn in range(KILLS):
                pushes = loki.counts.pushes
                agent.kill()
                again.append(taken_and_not_kept(agent, loki))
                agent.start(ready=False)
                if turn % 4 != 3:  # else it is killed while it starts
                    wait_for(lambda: loki.counts.pushes > pushes, 30, "it ships", every=0.002)
                time.sleep(chance.uniform(0, chance.choice((0.01, 0.15))))
        repeated = book.check(loki, 60)
        order_is_kept(loki)
        print(f"taken, and not kept: {again}")
        assert max(again) <= 2 * batch, "the batch on its way and the one before"
        assert repeated <= sum(again)
        assert loki.lines() >= len(book.texts) > 10 * KILLS


def test_killed_while_loki_fails_at_random_nothing_is_lost(feed):
    print(f"PAWS_SEED={SEED}")
    chance, feeding = random.Random(SEED), random.Random(SEED + 1)
    with FakeLoki() as loki, \
            ShippingAgent(shipping(feed, loki.url, batch_wait='"20ms"', batch_lines=300)) as agent:
        book = Written(feed)
        loki.fail(Fault("mix", mix={"store_cut": 0.15, "half_body": 0.1, "500": 0.1, "429": 0.1},
                        seed=SEED, retry_after="0"))
        with fed(book, feeding):
            for _ in range(max(5, KILLS // 5)):
                agent.kill()
                agent.start(ready=False)
                time.sleep(chance.uniform(0.1, 1.2))
        loki.recover()
        book.check(loki, 60)
        order_is_kept(loki)


def test_after_an_orderly_stop_nothing_is_repeated(feed):
    with FakeLoki() as loki, ShippingAgent(shipping(feed, loki.url)) as agent:
        book = Written(feed)
        loki.fail(Fault("slow", delay=0.2))  # there is nearly always a batch on its way
        quick = 0
        for trial in range(30):
            repeats = loki.repeats
            with fed(book, random.Random(trial)):
                time.sleep(0.4)
                agent.wait_until_ready()  # before that a signal just ends it
                took = agent.stop()
            agent.start(ready=False)
            book.check(loki)
            # What is on its way has a second to arrive: this machine may be too slow for that.
            if took < 1:
                quick += 1
                assert loki.repeats == repeats, f"after a stop that took {took:.2f} s"
            if quick == 6:
                break
        assert quick == 6, "it stops within a second"
        assert is_still(loki)
        order_is_kept(loki)
        wait_for_count(agent, len(book.texts), "entries_sent_total")
        wait_for_count(agent, len(book.texts), "entries_read_total", source="journal")


def test_stopped_while_loki_is_down_it_goes_on_where_loki_has_got(feed):
    with FakeLoki() as loki, ShippingAgent(shipping(feed, loki.url, batch_lines=100)) as agent:
        book = Written(feed)
        book.lines(50)
        book.check(loki)
        loki.down()
        book.lines(1000)
        time.sleep(0.5)
        assert agent.stop() < 15
        book.lines(200)
        loki.up()
        agent.start()
        assert book.check(loki) == 0
        order_is_kept(loki)


def test_without_its_database_it_begins_now_and_says_so(feed):
    with FakeLoki() as loki, ShippingAgent(shipping(feed, loki.url)) as agent:
        book = Written(feed)
        book.lines(100)
        book.check(loki)
        agent.stop()
        for part in agent.work.glob("state/paws.db*"):
            part.unlink()
        book.lines(50)  # nobody knows that these were not shipped
        missed = book.texts[-50:]
        said = agent.log().count("no place is kept to go on from")
        agent.start()
        book.lines(100)
        assert book.check(loki, apart=missed) == 0
        wait_for(lambda: agent.log().count("no place is kept to go on from") == said + 1, 30,
                 "it says so")


def test_without_its_database_since_says_where_it_begins(feed):
    with FakeLoki() as loki, ShippingAgent(shipping(feed, loki.url)) as agent:
        book = Written(feed)
        now = time.time()
        early = Written(feed, "early.service")
        agent.stop()
        for part in agent.work.glob("state/paws.db*"):
            part.unlink()
        early.lines(20, at=now - 7200)
        book.lines(30, at=now - 1800)
        book.lines(30)
        agent.arguments = ["--since", "1h"]
        agent.start()
        book.lines(10)
        assert book.check(loki) == 0
        assert early.held(loki) == []
        agent.kill()  # where a place is kept, --since has no say
        agent.start()
        book.lines(10)
        book.check(loki)
        assert early.held(loki) == []


def test_from_the_beginning_of_the_journal(feed):
    with FakeLoki() as loki:
        book = Written(feed)
        book.lines(500, at=time.time() - 3600)
        book.lines(500)
        with ShippingAgent(shipping(feed, loki.url, start='"beginning"')):
            assert book.check(loki) == 0
            order_is_kept(loki)


def test_the_first_line_ever_is_shipped_also_after_a_kill(feed):
    """A journal, or what is wanted of it, may be empty for long."""
    for settings in ({}, {"units": '["load.service"]'}):
        with FakeLoki() as loki, ShippingAgent(shipping(feed, loki.url, **settings)) as agent:
            agent.kill()
            book = Written(feed)
            book.lines(20)
            agent.start()
            book.lines(20)
            book.check(loki)
        feed.vacuum()


def test_the_first_line_of_all_may_be_one_that_waits_for_its_job(feed):
    unit = "actions.runner.acme-widgets.new.service"
    with FakeLoki() as loki, ShippingAgent(shipping(feed, loki.url, units=f'["{unit}"]')):
        book = Written(feed, unit)
        for _ in range(5):
            book.lines(3)
            time.sleep(0.2)
        book.check(loki)
