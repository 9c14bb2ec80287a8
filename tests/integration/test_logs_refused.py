"""Log shipping where Loki, or what stands before it, says no: what can be mended waits, what cannot
is put aside line by line, and all else arrives.
"""

import contextlib
import datetime
import random
import sqlite3
import time

from fake_loki import FakeLoki
from fake_loki_faults import Fault
from fake_loki_limits import Limits
from log_ledger_check import (ShippingAgent, Written, counted, order_is_kept, shipping,
                              wait_for_count)
from polling import wait_for

HOUR = 3600
PAUSE = 60  # seconds between looks while only an operator can help


def quarantine(agent):
    path = agent.work / "state/paws.db"
    with contextlib.closing(sqlite3.connect(f"file:{path}?mode=ro", uri=True)) as reader:
        return reader.execute("SELECT line, reason FROM log_quarantine ORDER BY id").fetchall()


def test_lines_that_loki_refuses_are_quarantined_and_all_others_arrive(feed):
    with FakeLoki(Limits(max_line_size=1000)) as loki, \
            ShippingAgent(shipping(feed, loki.url, batch_lines=500)) as agent:
        book = Written(feed)
        poison = []
        chance = random.Random(4)
        for _ in range(5):
            book.lines(chance.randint(1, 300))
            book.text(f"poison {len(poison)} ".ljust(2000, "p"))
            poison.append(book.texts[-1])
            book.lines(chance.randint(1, 300))
        book.check(loki, apart=poison)
        order_is_kept(loki)
        wait_for_count(agent, len(poison), "quarantined_total")
        agent.kill()
        agent.start()
        book.lines(100)
        book.check(loki, apart=poison)
        assert [line for line, _ in quarantine(agent)] == poison
        assert all("1000" in reason for _, reason in quarantine(agent))
        assert counted(agent, "quarantined_total") == len(poison)
        wait_for_count(agent, len(book.texts) - len(poison), "entries_sent_total")


def test_a_poison_line_alone(feed):
    with FakeLoki(Limits(max_line_size=1000)) as loki, \
            ShippingAgent(shipping(feed, loki.url)) as agent:
        book = Written(feed)
        book.text("p" * 2000)
        wait_for_count(agent, 1, "quarantined_total")
        book.lines(10)
        book.check(loki, apart=book.texts[:1])


def test_what_only_an_operator_can_mend_is_waited_for(feed, tmp_path):
    """Credentials, a wrong path, a proxy that refuses whatever comes. Side by side: each is looked
    at again after a minute."""
    token, missing, wrong = (tmp_path / name for name in ("token", "missing", "wrong"))
    write_secret(token, "old")
    write_secret(wrong, "wrong")
    with contextlib.ExitStack() as stack:
        def pair(fault=None, secret=None):
            loki = stack.enter_context(FakeLoki())
            settings = {"token_file": f'"{secret}"'} if secret else {}
            loki.api.token = "new" if secret else ""
            if fault:
                loki.fail(fault)
            return loki, stack.enter_context(ShippingAgent(shipping(feed, loki.url, **settings)))

        cases = {
            "401": pair(secret=token),
            "403": pair(Fault(status=403)),
            "404": pair(Fault(status=404)),
            "no secret": pair(secret=missing),
            "400 to all": pair(Fault(status=400, body="bad request")),
            "400 to all pushes": pair(Fault(status=400, body="no", only="/push")),
        }
        hopeless, its_agent = pair(secret=wrong)
        book = Written(feed)
        for _ in range(10):
            book.lines(200)
            time.sleep(0.1)
        for name, (loki, agent) in cases.items():
            wait_for(lambda: counted(agent, "paused") == 1, 30, f"{name}: it has paused")
            assert name == "no secret" or counted(agent, "push_failures_total") > 0
        connections = {name: loki.connections for name, (loki, _) in cases.items()}
        time.sleep(2)
        for name, (loki, _) in cases.items():
            assert loki.connections == connections[name] and loki.lines() == 0, name
            loki.recover()
        write_secret(token, "new")
        write_secret(missing, "new\n")
        for name, (loki, agent) in cases.items():
            print(name, end=": ")
            assert book.check(loki, PAUSE + 10) == 0
            order_is_kept(loki)
            wait_for_count(agent, 0, "paused")
            assert counted(agent, "quarantined_total") == 0, name
        wait_for(lambda: "logs are not shipped state=paused" in its_agent.log(), 30, "it says so")
        assert its_agent.log().count("logs are not shipped") == 1
        assert hopeless.lines() == 0 and counted(its_agent, "paused") == 1


def write_secret(path, text):
    path.touch(mode=0o600)
    path.write_text(text)


def test_lines_at_the_wrong_time_are_stamped_anew_and_tell_their_own(feed):
    """As a clock that is set makes them: behind the stream, too old, too new."""
    with FakeLoki() as loki, ShippingAgent(shipping(feed, loki.url, batch_lines=100)) as agent:
        book = Written(feed)
        now = time.time()
        steps = {"behind": now - 2 * HOUR, "old": now - 8 * 24 * HOUR, "new": now + 1200,
                 "far": now + 400 * 24 * HOUR, "epoch": 3600.0}
        at_of = {}
        for _ in range(3):
            for at in (None, *steps.values()):
                for number in range(37):
                    book.lines(1, at=at and at + number * 1e-3)
                    at_of[book.texts[-1]] = at and at + number * 1e-3
        book.check(loki, 30)
        rows = book.held(loki)
        assert len(rows) == len(book.texts), "each is there once"
        for row in rows:
            at = at_of[row.line]
            if at is None:
                assert "original_time" not in row.metadata
                continue
            told = row.metadata.get("original_time")
            if told is None:  # Loki took it as it was
                assert abs(row.timestamp / 1e9 - at) < 1e-5
                continue
            moment = datetime.datetime.fromisoformat(told.replace("Z", "+00:00")).timestamp()
            assert abs(moment - at) < 1e-5, (told, at)
            assert abs(row.timestamp / 1e9 - time.time()) < 3700
        assert sum("original_time" in row.metadata for row in rows) > 5 * 37
        assert counted(agent, "quarantined_total") == 0


def test_an_old_loki_gets_metadata_in_the_line(feed):
    with FakeLoki(version="2.8.4") as loki, ShippingAgent(shipping(feed, loki.url)):
        book = Written(feed)
        for number in range(300):
            book.text(f'line {number} pid=42 identifier="a b"', f"line {number}", _PID="42",
                      SYSLOG_IDENTIFIER="a b")
        book.lines(100)  # nothing to tell beside them
        assert book.check(loki) == 0
        order_is_kept(loki)
        assert all(not row.metadata for row in book.held(loki))


def test_a_loki_that_forbids_metadata_gets_it_in_the_line(feed):
    with FakeLoki(Limits(allow_structured_metadata=False)) as loki, \
            ShippingAgent(shipping(feed, loki.url)) as agent:
        book = Written(feed)
        for number in range(300):
            book.text(f"line {number} pid=42", f"line {number}", _PID="42")
        book.check(loki)
        assert counted(agent, "quarantined_total") == 0


def test_a_loki_that_takes_less_at_a_time(feed):
    with FakeLoki(Limits(max_body=20_000)) as loki, ShippingAgent(shipping(feed, loki.url)) as agent:
        book = Written(feed)
        chance = random.Random(6)
        for _ in range(400):
            book.text(chance.randbytes(300).hex())
        book.check(loki)
        order_is_kept(loki)
        assert counted(agent, "quarantined_total") == 0


def test_a_loki_that_does_not_tell_what_it_drops_above_a_streams_rate(feed):
    """The last stream of a push is the one that it answers for. A batch fits into the burst; what a
    stream writes exceeds its rate however slow the agent is."""
    limits = Limits(stream_rate=256 << 10, stream_burst=1200 << 10, last_stream_speaks=True)
    with FakeLoki(limits) as loki, ShippingAgent(shipping(feed, loki.url)) as agent:
        sizes = {"one.service": 10_000, "two.service": 10_000, "few.service": 0}  # the last is taken
        books = [Written(feed, unit) for unit in sizes]
        for _ in range(300):
            for book in books:
                book.lines(1, size=sizes[book.unit])
        for book in books:
            book.check(loki, 60)
            order_is_kept(loki, book.unit)
        assert counted(agent, "push_failures_total", reason="rate_limited") > 0
        assert counted(agent, "quarantined_total") == 0


def test_a_loki_whose_parts_take_less_from_each_other(feed):
    with FakeLoki(Limits(max_message=20_000)) as loki, \
            ShippingAgent(shipping(feed, loki.url)) as agent:
        book = Written(feed)
        book.lines(400, size=300)
        book.check(loki)
        order_is_kept(loki)
        assert counted(agent, "quarantined_total") == 0


def test_while_our_clock_is_far_ahead_all_arrives_by_lokis(feed):
    now = time.time() - 2 * HOUR  # the agent's is two hours ahead of it
    with FakeLoki(clock=lambda: time.time() - 2 * HOUR) as loki, \
            ShippingAgent(shipping(feed, loki.url)) as agent:
        book = Written(feed)
        book.lines(20, at=now)
        book.lines(100)
        book.check(loki)
        assert counted(agent, "quarantined_total") == 0
        assert all(row.timestamp / 1e9 < time.time() - 2 * HOUR + 600 for row in book.held(loki))
        assert sum("original_time" in row.metadata for row in book.held(loki)) == 100
