"""Log shipping while Loki is away or fails in every other way that passes: no line is lost.

PAWS_AWAY: for how many seconds Loki is down (10 unless told; ten minutes at night).
"""

import contextlib
import os
import threading
import time
from pathlib import Path

from fake_loki import FakeLoki
from fake_loki_faults import Fault
from log_ledger_check import (ShippingAgent, Written, counted, is_still, order_is_kept, shipping,
                              wait_for_count)
from polling import wait_for

LATE = ("silent", "slow", "drip")  # what is not waited for
AWAY = float(os.environ.get("PAWS_AWAY", "10"))
FAULTS = {
    "too many requests": Fault(status=429, retry_after="1", seconds=3),
    "too many requests, by date": Fault(status=429, retry_after="date:2", count=3),
    "too many requests, at once again": Fault(status=429, retry_after="0", count=4),
    "errors": Fault(status=500, count=2),
    "unavailable": Fault(status=503, count=2),
    "taken, and cut off before the answer": Fault("store_cut", count=3),
    "taken, and cut off in the answer": Fault("store_cut_status", count=3),
    "cut off in the request": Fault("half_body", count=3),
    "closed without an answer": Fault("close", count=3),
    "accepted, then closed": Fault("hangup", count=3),
    "something that is no HTTP": Fault("garbage", count=3),
    "silent": Fault("silent", count=2),
    "an answer that takes too long": Fault("slow", delay=3, count=2),
    "an answer byte by byte": Fault("drip", delay=0.02, count=2),
    "all of it by chance": Fault("mix", mix={
        "500": 0.1, "429": 0.1, "store_cut": 0.2, "half_body": 0.1, "close": 0.1}, seed=11,
        retry_after="0", seconds=6),
}


@contextlib.contextmanager
def own_lines(agent, feed, unit):
    """What the agent prints goes into the journal, as it does for a unit."""
    ended = threading.Event()
    path, told = Path(agent.work / "log"), []

    def follow():
        done = 0
        while not ended.wait(0.05):
            lines = path.read_bytes()[done:]
            lines = lines[:lines.rfind(b"\n") + 1]
            done += len(lines)
            for line in lines.splitlines():
                told.append(line.decode())
                feed.write(line, _SYSTEMD_UNIT=unit, _PID=str(agent.pid))

    thread = threading.Thread(target=follow)
    thread.start()
    try:
        yield told
    finally:
        ended.set()
        thread.join(10)


def test_while_loki_is_down_all_waits_and_the_agent_does_not_talk_itself_into_a_loop(feed):
    with FakeLoki() as loki, ShippingAgent(shipping(feed, loki.url, batch_lines=200)) as agent, \
            own_lines(agent, feed, "paws-agent.service") as told:
        book = Written(feed)
        book.lines(100)
        book.check(loki)
        loki.down()
        began, memory, since = len(told), own_memory(agent), time.monotonic()
        for turn in range(1, 21):
            book.lines(1000, size=3200)
            time.sleep(max(0, since + turn * AWAY / 20 - time.monotonic()))
        print(f"own memory: {memory >> 20} MiB, then {own_memory(agent) >> 20}")
        said = told[began:]
        print(f"{AWAY:.0f} s down; its own lines meanwhile: {said}")
        assert told and len(said) <= 3, said
        # Of 64 MB.
        assert own_memory(agent) < memory + (30 << 20), "what waits is to wait in the journal"
        assert counted(agent, "push_failures_total", reason="network") > 1
        loki.up()
        assert book.check(loki, 90) <= 200, "a batch at most"
        order_is_kept(loki)
        wait_for(lambda: sum("paws-agent.service" in row.labels for row in loki.held())
                 == len(told), 30, "its own lines have come too, each once")
        # Lines about lines would go on for ever.
        wait_for(lambda: is_still(loki, 1.5), 30, "it is at rest")
        wait_for_count(agent, len(book.texts) + len(told), "entries_sent_total")
        wait_for_count(agent, 0, "lag_seconds")


def own_memory(agent):
    """Without what is mapped of files, as those of the journal are."""
    _, resident, of_files, *_ = Path(f"/proc/{agent.pid}/statm").read_text().split()
    return (int(resident) - int(of_files)) * os.sysconf("SC_PAGESIZE")


def test_a_loki_that_comes_and_goes(feed):
    with FakeLoki() as loki, ShippingAgent(shipping(feed, loki.url, batch_lines=100)):
        book = Written(feed)
        for _ in range(8):
            book.lines(400)
            time.sleep(0.15)
            loki.down()
            book.lines(100)
            time.sleep(0.15)
            loki.up()
        book.check(loki, 60)
        order_is_kept(loki)


def test_whatever_goes_wrong_on_the_way_arrives_in_the_end(feed):
    """A fault for each of several agents that read the same journal."""
    with contextlib.ExitStack() as stack:
        pairs = []
        for name, fault in FAULTS.items():
            loki = stack.enter_context(FakeLoki())
            agent = stack.enter_context(ShippingAgent(shipping(
                feed, loki.url, batch_lines=200, timeout='"1s"' if fault.kind in LATE else '"20s"')))
            pairs.append((name, loki, agent, fault))
        book = Written(feed)
        book.lines(50)
        for name, loki, agent, fault in pairs:
            book.check(loki)
            loki.fail(fault)
        for _ in range(10):
            book.lines(300)
            time.sleep(0.2)
        for name, loki, agent, fault in pairs:
            print(name, end=": ")
            repeated = book.check(loki, 60)
            order_is_kept(loki)
            wait_for_count(agent, len(book.texts), "entries_sent_total")
            assert counted(agent, "quarantined_total") == counted(agent, "dropped_total") == 0
            assert loki.malformed == [] and loki.counts.max_in_flight <= 2, name
            if fault.kind in ("store_cut", "store_cut_status", "slow"):
                assert repeated > 0, name
            elif fault.kind in ("status", "close", "hangup", "half_body"):
                assert repeated == 0, name


def test_a_name_that_does_not_resolve_until_another_is_configured(feed):
    with FakeLoki() as loki, \
            ShippingAgent(shipping(feed, "http://loki.invalid:3100")) as agent:
        book = Written(feed)
        for _ in range(6):
            book.lines(50)
            time.sleep(0.3)
        wait_for(lambda: counted(agent, "push_failures_total", reason="network") >= 1
                 or counted(agent, "push_failures_total", reason="timeout") >= 1, 30, "it is counted")
        agent.drop_in.write_text(shipping(feed, loki.url))
        agent.reload()
        assert book.check(loki) == 0
        order_is_kept(loki)


def test_a_reload_that_changes_where_and_what_is_shipped_loses_nothing(feed):
    with FakeLoki() as first, FakeLoki() as second, \
            ShippingAgent(shipping(feed, first.url)) as agent:
        book = Written(feed)
        book.lines(200)
        book.check(first)
        settings = [{}, {"batch_lines": 50}, {"labels": '{team = "blue"}'}, {"batch_wait": '"50ms"'}]
        for number, setting in enumerate(settings):
            agent.drop_in.write_text(shipping(feed, (second, first)[number % 2].url, **setting))
            book.lines(150)
            agent.reload()
            book.lines(150)
            time.sleep(0.3)
        wait_for(lambda: len(book.held(first)) + len(book.held(second)) >= len(book.texts), 30,
                 "all have come")
        assert sorted(row.line for one in (first, second) for row in book.held(one)) \
            == sorted(book.texts)
        assert first.repeats == second.repeats == 0
        print(f"{len(book.texts)} lines in, {len(book.held(first))} + {len(book.held(second))} out,"
              " 0 repeated")


def test_a_reload_that_stops_shipping_and_one_that_goes_on(feed):
    with FakeLoki() as loki, ShippingAgent(shipping(feed, loki.url)) as agent:
        book = Written(feed)
        book.lines(100)
        book.check(loki)
        agent.drop_in.write_text(shipping(feed, ""))
        agent.reload()
        wait_for(lambda: "reload done" in agent.log(), 30, "the reload")
        book.lines(100)
        assert is_still(loki)
        agent.drop_in.write_text(shipping(feed, loki.url))
        agent.reload()
        assert book.check(loki) == 0
