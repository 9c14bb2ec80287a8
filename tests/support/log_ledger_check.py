"""LogLedgerCheck: numbered lines go into a journal; what a Loki holds of them is compared exactly.

    book = Written(feed)
    book.lines(1000)
    repeated = book.check(loki)      # each is there, once by time and text, and nothing else is
"""

import collections
import contextlib
import math
import sqlite3
import time
from typing import Iterable

from agent_process import AgentProcess
from fake_loki import FakeLoki
from fake_loki_store import Held
from journal_feed import JournalFeed
from polling import NotInTime, Unmet, wait_for

UNIT = "load.service"
CONFIG = """[journal]
directory = "{journal}"

[runners]
discover = false

[logs]
loki_url = "{url}"
batch_wait = "100ms"
"""


def shipping(feed: JournalFeed, url: str, **settings: object) -> str:
    """The drop-in by which an agent ships that journal. Settings of [logs], as TOML has them."""
    given = {"batch_wait": '"100ms"', **settings}
    lines = CONFIG.format(journal=feed.directory, url=url).replace('batch_wait = "100ms"\n', "")
    return lines + "".join(f"{name} = {value}\n" for name, value in given.items())


def kept(agent: AgentProcess, query: str) -> list[tuple]:
    """What the agent's database holds."""
    with contextlib.suppress(sqlite3.OperationalError), contextlib.closing(  # not made yet
            sqlite3.connect(f"file:{agent.state}/paws.db?mode=ro", uri=True)) as reader:
        return reader.execute(query).fetchall()
    return []


class ShippingAgent(AgentProcess):
    """Ready when it ships, too: what is logged from then on is shipped."""

    def start(self, ready: bool = True) -> None:
        super().start(ready)
        if ready:
            wait_for(lambda: kept(self, "SELECT 1 FROM log_place"), 30, "its place is kept")


class Written:
    """What was written to a journal under one unit."""

    def __init__(self, feed: JournalFeed, unit: str = UNIT) -> None:
        self.feed, self.unit = feed, unit
        self.texts: list[str] = []
        self._number = 0

    def lines(self, count: int, size: int = 0, **fields: object) -> None:
        for _ in range(count):
            self._number += 1
            self.text(f"line {self._number:06} ".ljust(size, "x"), **fields)

    def text(self, text: str, as_written: str | bytes | None = None, **fields: object) -> None:
        """One line; `as_written`: what goes into the journal where that is another text."""
        self.feed.write(text if as_written is None else as_written,
                        **{"_SYSTEMD_UNIT": self.unit, **fields})
        self.texts.append(text)

    def held(self, loki: FakeLoki) -> list[Held]:
        return [row for row in loki.held() if f'unit="{self.unit}"' in row.labels]

    def check(self, loki: FakeLoki, timeout: float = 40, apart: Iterable[str] = (),
              restamped: bool = False) -> int:
        """Waits until each line is there, and nothing else. `apart`: lines that must not be. The
        lines that came more than once."""
        wanted = collections.Counter(self.texts)
        wanted.subtract(apart)
        wanted = +wanted
        rows: list[Held] = []

        def complete() -> bool:
            nonlocal rows
            if loki.lines() < wanted.total():
                return False
            rows = self.held(loki)
            return not wanted - collections.Counter(row.line for row in rows)

        try:
            wait_for(complete, timeout, "every line is held", every=0.05)
        except NotInTime:
            missing = wanted - collections.Counter(row.line for row in self.held(loki))
            raise AssertionError(
                f"after {timeout} s {missing.total()} of {wanted.total()} lines are missing:"
                f" {sorted(line[:40] for line in missing)[:5]}") from None
        rows = self.held(loki)
        held = collections.Counter(row.line for row in rows)
        forged = [line[:60] for line in held if line not in wanted]
        assert not forged, f"{len(forged)} lines nobody wrote: {forged[:5]}"
        again = held - wanted  # with another time: Loki cannot know them for the same
        assert restamped or not again, f"{again.total()} came again with another time"
        repeated = loki.repeats + again.total()
        print(f"{wanted.total()} lines in, {len(rows)} out, {repeated} repeated"
              f" ({again.total()} of them with another time)")
        return repeated


def order_is_kept(loki: FakeLoki, unit: str = UNIT) -> None:
    """No stream of the unit has gone back in time."""
    broken = {stream: count for stream, count in loki.order_violations.items()
              if f'unit="{unit}"' in stream}
    assert not broken, broken


def counted(agent: AgentProcess, name: str, **labels: str) -> float:
    """paws_logs_NAME, as the agent shows it now; what it does not show equals nothing, not even 0."""
    shown = [value for _, value in agent.metrics().all(f"paws_logs_{name}", **labels)]
    return sum(shown) if shown else math.nan


def wait_for_count(agent: AgentProcess, count: float, name: str, timeout: float = 30,
                   **labels: str) -> None:
    wait_for(lambda: (seen := counted(agent, name, **labels)) == count or Unmet(seen), timeout,
             f"paws_logs_{name}{labels or ''} is {count}")


def is_still(loki: FakeLoki, seconds: float = 0.5) -> bool:
    """Nothing more comes by itself."""
    before = loki.lines(), loki.counts.pushes
    time.sleep(seconds)
    return before == (loki.lines(), loki.counts.pushes)
