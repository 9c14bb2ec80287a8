#!/usr/bin/python3
"""FakeLoki: Loki as who pushes to it meets it, strict about what it takes, and able to fail in
every way a Loki and the network before it can.

    with FakeLoki() as loki:                       # loki.url
        loki.fail(Fault("store_cut", count=1))     # of fake_loki_faults.py; until loki.recover()
        loki.held()                                # what is stored, in order of arrival

As a process: fake_loki.py --port 0 --port-file FILE; see fake_loki_control.py for how it is told
and asked then.
"""

import contextlib
import ssl
import sys
import time
from typing import Callable

from fake_loki_api import LokiApi
from fake_loki_counts import Counts
from fake_loki_faults import Fault, Faults
from fake_loki_limits import Limits
from fake_loki_server import LokiServer
from fake_loki_store import Held, Store
from polling import wait_for


class FakeLoki:
    """`version`: what buildinfo says; "" for none (404). Before 2.9 structured metadata is an
    unknown field. `api` has more to set: `token` or `basic` (user, password) that a proxy asks for,
    `auth_enabled` (X-Scope-OrgID), `ready`.

    With `decode_later` a push is answered with 204 as soon as it is read and looked at afterwards;
    what was wrong with it is in `problems`.
    """

    def __init__(self, limits: Limits | None = None, version: str = "3.1.0",
                 tls: ssl.SSLContext | None = None, decode_later: bool = False,
                 clock: Callable[[], float] = time.time,
                 address: tuple[str, int] = ("127.0.0.1", 0)) -> None:
        self.api = LokiApi(limits or Limits(), version, clock)
        self.counts = Counts()
        self._faults = Faults()
        self._server = LokiServer(self.api, self._faults, self.counts, tls, address)
        self._server.decode_later = decode_later
        self.host, self.port = self._server.address, self._server.port
        self.url = f"{'https' if tls else 'http'}://{self.host}:{self.port}"

    def __enter__(self) -> "FakeLoki":
        self.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()

    def start(self) -> None:
        self._server.__enter__()

    def stop(self) -> None:
        self._server.__exit__()

    # What it holds

    def held(self, first: int = 0, count: int | None = None) -> list[Held]:
        self.settle()
        with self.api.lock:
            return list(self.api.store.rows(first, count))

    def lines(self) -> int:
        """That are stored."""
        with self.api.lock:
            return len(self.api.store)

    def wait_for_lines(self, count: int, timeout: float = 30) -> None:
        wait_for(lambda: self.lines() >= count, timeout, f"{count} lines are stored")

    def settle(self) -> None:
        """Until all that was read is decoded."""
        self._server.settle()

    def forget(self) -> None:
        """It holds nothing, as a Loki whose disk was lost. What is counted of pushes stays."""
        with self.api.lock:
            self.api.store = Store(self.api.limits)

    @property
    def repeats(self) -> int:
        """Lines that came again."""
        return self.api.store.repeats

    @property
    def refused(self) -> int:
        """Lines of readable pushes that are not stored."""
        return self.api.store.refused

    @property
    def order_violations(self) -> dict[str, int]:
        """By stream: lines older than the newest of it, stored or not; not those that are there."""
        return dict(self.api.store.order_violations)

    @property
    def connections(self) -> int:
        """That were accepted."""
        return self._server.accepted

    @property
    def open_connections(self) -> int:
        return len(self._server.connections())

    @property
    def problems(self) -> list[str]:
        """Of pushes that were decoded later."""
        return self._server.problems

    @property
    def malformed(self) -> list[str]:
        """What clients sent that is no HTTP."""
        return self._server.malformed

    # How it fails

    def fail(self, fault: Fault) -> None:
        self._faults.add(fault)

    def recover(self) -> None:
        self._faults.clear()
        self.close_idle(0)
        self.up()

    def close_idle(self, seconds: float) -> None:
        """Kept connections are closed so long after an answer; 0: never."""
        self._server.idle_close = seconds

    def down(self) -> None:
        """No connection is left, and new ones are refused."""
        self._server.stop_listening()
        self._server.drop()

    def up(self) -> None:
        """On the same port, which somebody else's connection may have had meanwhile."""
        def listens() -> bool:
            with contextlib.suppress(OSError):
                self._server.listen_again()
                return True
            return False

        wait_for(listens, 30, "its port is free again")

    def drop(self, reset: bool = False) -> None:
        """Ends every connection."""
        self._server.drop(reset)


if __name__ == "__main__":
    from fake_loki_control import main
    sys.exit(main())
