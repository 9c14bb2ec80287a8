"""What the double of Loki counts of the pushes that come."""

import collections
import threading
from typing import Hashable, NamedTuple

KEPT = 100_000


class Push(NamedTuple):
    at: float           # time.monotonic() of its answer
    status: int         # 0: it got none
    compressed: int     # bytes
    uncompressed: int = 0
    streams: int = 0
    lines: int = 0      # that it carried, stored or not


class Counts:
    """All of it may be read at any time."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._flying: set[Hashable] = set()
        self.pushes = 0
        self.by_status: collections.Counter[int] = collections.Counter()  # 0: without an answer
        self.compressed = self.uncompressed = 0
        self.max_in_flight = 0
        self.last_head = b""  # request line and headers of the last push, as they came
        self.log: collections.deque[Push] = collections.deque(maxlen=KEPT)

    @property
    def in_flight(self) -> int:
        return len(self._flying)

    def enter(self, flight: Hashable) -> None:
        """From the end of a push's header on."""
        with self._lock:
            self._flying.add(flight)
            self.max_in_flight = max(self.max_in_flight, len(self._flying))

    def leave(self, flight: Hashable) -> None:
        with self._lock:
            self._flying.discard(flight)

    def note(self, head: bytes, push: Push) -> None:
        with self._lock:
            self.pushes += 1
            self.by_status[push.status] += 1
            self.compressed += push.compressed
            self.uncompressed += push.uncompressed
            self.last_head = head
            self.log.append(push)

    def decoded(self, uncompressed: int) -> None:
        """Of a push that was noted before it was decoded."""
        with self._lock:
            self.uncompressed += uncompressed
