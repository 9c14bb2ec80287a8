"""Log shipping of lines that are out of the ordinary: what they contain, how long they are, how
many they are at once, and which of them are wanted.
"""

import random
import re
import time

import pytest

from fake_loki import FakeLoki
from log_ledger_check import (ShippingAgent, Written, counted, order_is_kept, shipping,
                              wait_for_count)
from polling import wait_for

MANY = 20_000
ODD = {
    "invalid a\ufffdb": b"invalid a\xffb",
    "cut short \ufffd": b"cut short \xe2\x82",
    "a surrogate \ufffd end": b"a surrogate \xed\xa0\x80 end",
    "NUL a\0b": b"NUL a\0b",
    "only NUL \0": b"only NUL \0",
    "escape \x1b[31mred\x1b[0m": b"escape \x1b[31mred\x1b[0m",
    "two\nlines": b"two\nlines",
    "carriage\rreturn": b"carriage\rreturn",
    "tab\tand \u20ac \U0001f600": "tab\tand \u20ac \U0001f600".encode(),
    '{"json": "\\u0000 \\" \\\\"}': b'{"json": "\\u0000 \\" \\\\"}',
    "  blanks around  ": b"  blanks around  ",
    "MESSAGE=x": b"MESSAGE=x",
}


def collapsed(text):
    """How many signs stand for what is no text is not promised."""
    return re.sub("\ufffd+", "\ufffd", text)


@pytest.fixture
def loki():
    with FakeLoki() as loki:
        yield loki


def test_any_bytes(feed, loki):
    with ShippingAgent(shipping(feed, loki.url)) as agent:
        book = Written(feed)
        chance = random.Random(12)
        for _ in range(3):
            for data in ODD.values():
                book.text("", data)
            book.lines(50)
        for number in range(300):
            data = b"%d: " % number + chance.randbytes(chance.randint(0, 300))
            book.text("", data)
            ODD[data.decode(errors="replace")] = data
        wait_for(lambda: len(book.held(loki)) >= len(book.texts), 30, "all are there")
        wanted = sorted(collapsed(text) for text in ODD)
        held = sorted({collapsed(row.line) for row in book.held(loki)
                       if not row.line.startswith("line ")})
        assert held == wanted
        assert len(book.held(loki)) == len(book.texts) and loki.repeats == 0
        assert counted(agent, "quarantined_total") == counted(agent, "dropped_total") == 0
        order_is_kept(loki)


def test_long_lines_come_in_parts(feed, loki):
    with ShippingAgent(shipping(feed, loki.url)) as agent:
        book = Written(feed)
        chance = random.Random(13)
        sizes = [240 << 10, (240 << 10) + 1, 1 << 20, 1 << 20, (4 << 20) - 100, 300_000]
        texts = [chance.randbytes(size // 2 + 1).hex()[:size] for size in sizes]
        texts.append("\u20ac" * 400_000)  # never cut within a character
        for text in texts:
            feed.write(text, _SYSTEMD_UNIT="long.service")
            book.lines(20)
        too_long = chance.randbytes(5 << 19).hex()
        feed.write(too_long, _SYSTEMD_UNIT="toolong.service")
        book.lines(20)
        book.check(loki, 30)
        wait_for(lambda: loki.lines() > len(book.texts) + 30, 30, "the parts")
        assert joined(loki, "long.service") == texts
        begun, = joined(loki, "toolong.service")
        assert too_long.startswith(begun) and len(begun) >= (4 << 20) - 8
        wait_for_count(agent, 1, "dropped_total", reason="too_long")
        assert counted(agent, "dropped_total") == 1
        assert counted(agent, "quarantined_total") == 0
        order_is_kept(loki, "long.service")


def joined(loki, unit):
    """The lines of a unit, put together of their parts."""
    lines = []
    for row in loki.held():
        if f'unit="{unit}"' not in row.labels:
            continue
        number, _, count = row.metadata.get("part", "1/1").partition("/")
        if number == "1":
            lines.append("")
        lines[-1] += row.line
        assert 1 <= int(number) <= int(count)
    return lines


def test_twenty_thousand_lines_at_one_time(feed, loki):
    with ShippingAgent(shipping(feed, loki.url, batch_lines=700)) as agent:
        book = Written(feed)
        book.lines(MANY, at=time.time())
        wait_for(lambda: loki.lines() > 1000, 30, "some are there")
        agent.kill()
        agent.start(ready=False)
        book.check(loki, 60)
        assert [row.line for row in book.held(loki)] == book.texts, "in their order"


def test_a_thousand_units(feed, loki):
    with ShippingAgent(shipping(feed, loki.url)) as agent:
        texts = []
        for number in range(3000):
            unit = number * 7 % 1000
            feed.write(f"{number} of {unit}", _SYSTEMD_UNIT=f"u{unit}.service")
            texts.append(f"{number} of {unit}")
        wait_for(lambda: loki.lines() >= len(texts), 30, "all are there")
        rows = loki.held()
        assert sorted(row.line for row in rows) == sorted(texts)
        for row in rows:
            named = row.metadata.get("full_unit", row.labels)
            assert f"u{row.line.split()[-1]}.service" in named, row
        wait_for_count(agent, len(texts), "entries_sent_total")


def test_only_what_is_wanted(feed, loki):
    with ShippingAgent(shipping(feed, loki.url, units='["load.service", "web-*.service"]')) as agent, \
            FakeLoki() as other, \
            ShippingAgent(shipping(feed, other.url, units='["load.service"]')) as exact:
        book, web, rest = (Written(feed, unit) for unit in
                           ("load.service", "web-front.service", "rest.service"))
        for _ in range(50):
            book.lines(10)
            web.lines(5)
            rest.lines(20)
            book.text("Started load.service.", _SYSTEMD_UNIT="init.scope", UNIT="load.service",
                      _PID="1")
            rest.text("forged", UNIT="load.service", _PID="77")
        assert book.check(loki) == web.check(loki) == 0
        assert book.check(other) == 0
        assert rest.held(loki) == [] and rest.held(other) == [] and web.held(other) == []
        assert other.lines() == len(book.texts)
        for one in (agent, exact):  # what is not wanted leaves no gap, nor does a restart
            one.kill()
            one.start()
        rest.lines(200)
        book.lines(10)
        book.check(loki)
        book.check(other)
        for one in (agent, exact):
            assert counted(one, "journal_gaps_total") == counted(one, "dropped_total") == 0
