"""What the double of Loki holds, and what its ingester refuses: pkg/ingester/instance.go and
pkg/ingester/stream.go, pkg/chunkenc/unordered.go for repeats.

Not thread-safe: FakeLoki holds a lock around it.
"""

import array
import bisect
import collections
from typing import Callable, Iterator, NamedTuple

from fake_loki_labels import Labels
from fake_loki_limits import Bucket, Limits, SECOND, Valid, byte_size, go_time, rfc3339
from fake_loki_wire import Entry, Metadata, Refused


class Held(NamedTuple):
    """One line that is stored."""

    labels: str      # as Loki writes them: {a="b", c="d"}
    timestamp: int   # nanoseconds
    line: str
    metadata: dict[str, str]
    tenant: str


class StoredStream:
    def __init__(self, tenant: str, labels: Labels, text: str) -> None:
        self.tenant, self.labels, self.text = tenant, labels, text
        self.newest: int | None = None
        self.last: tuple[int, str] | None = None
        self.bucket: Bucket | None = None
        self.rows: dict[int, int | list[int]] = {}  # by timestamp
        self.texts: dict[int, set[str]] = {}        # of those where there are many


class Store:
    def __init__(self, limits: Limits) -> None:
        self.limits = limits
        self.streams: dict[tuple[str, str], StoredStream] = {}
        self.repeats = 0    # lines that were there
        self.refused = 0    # lines
        self.order_violations: collections.Counter[str] = collections.Counter()
        self._tenants: dict[str, Bucket] = {}
        # One line each, in order of arrival.
        self._of: list[StoredStream] = []
        self._timestamps = array.array("q")
        self._lines: list[str] = []
        self._metadata: list[Metadata] = []
        self._known: dict[Metadata, Metadata] = {}  # most are the same

    def __len__(self) -> int:
        return len(self._lines)

    def rows(self, first: int = 0, count: int | None = None) -> Iterator[Held]:
        for row in range(len(self))[first:None if count is None else first + count]:
            yield self._row(row)

    def between(self, stream: StoredStream, start: int, end: int, step: int,
                passes: Callable[[str], bool]) -> Iterator[Held]:
        """The lines of a stream, start <= timestamp < end, by time and then by arrival; with -1 for
        `step` from the last to the first."""
        times = sorted(stream.rows)
        for time in times[bisect.bisect_left(times, start):bisect.bisect_left(times, end)][::step]:
            at = stream.rows[time]
            for row in at[::step] if isinstance(at, list) else (at,):
                if passes(self._lines[row]):
                    yield self._row(row)

    def _row(self, row: int) -> Held:
        stream = self._of[row]
        return Held(stream.text, self._timestamps[row], self._lines[row],
                    dict(self._metadata[row]), stream.tenant)

    def check_rate(self, tenant: str, streams: list[Valid], now: float) -> None:
        """pkg/distributor/distributor.go: over the tenant's rate nothing of a push is stored."""
        limits = self.limits
        if not limits.ingestion_rate:
            return
        size = sum(entry.size for one in streams for entry in one.entries)
        lines = sum(len(one.entries) for one in streams)
        bucket = self._tenants.setdefault(
            tenant, Bucket(limits.ingestion_rate, limits.ingestion_burst, now))
        if not bucket.take(size, now):
            self.refused += lines
            raise Refused(429, f"Ingestion rate limit exceeded for user {tenant} (limit:"
                          f" {limits.ingestion_rate} bytes/sec) while attempting to ingest"
                          f" '{lines}' lines totaling '{size}' bytes, reduce log volume or contact"
                          " your Loki administrator to see if the limit can be increased")

    def push(self, tenant: str, streams: list[Valid], now: float) -> Refused | None:
        """Stores what may be; what the answer has to say about the rest."""
        problem = None
        for one in streams:
            found = self._push_stream(tenant, one, now)
            if found or self.limits.last_stream_speaks:
                problem = found
        return problem

    def _push_stream(self, tenant: str, sent: Valid, now: float) -> Refused | None:
        stream = self.streams.get((tenant, sent.text))
        if stream is None:
            limit = self.limits.max_streams
            if limit and sum(one.tenant == tenant for one in self.streams.values()) >= limit:
                self.refused += len(sent.entries)
                return Refused(429, "Maximum active stream limit exceeded when trying to create"
                               f" stream {sent.text}, reduce the number of active streams (reduce"
                               " labels or reduce label values), or contact your Loki administrator"
                               f" to see if the limit can be increased, user: '{tenant}'")
            stream = StoredStream(tenant, sent.labels, sent.text)
            self.streams[tenant, sent.text] = stream
        good, failed = self._validate(stream, sent.entries, now)
        for entry in good:
            problem = self._append(stream, entry)
            if problem:
                failed.append((entry, problem, 400))
        self.refused += len(failed)
        return failure(stream, failed, len(sent.entries), self.limits) if failed else None

    def _validate(self, stream: StoredStream, entries: list[Entry],
                  now: float) -> tuple[list[Entry], list[tuple[Entry, str, int]]]:
        limits, last, newest = self.limits, stream.last, stream.newest
        if limits.stream_rate and stream.bucket is None:
            stream.bucket = Bucket(limits.stream_rate, limits.stream_burst, now)
        window = int(limits.max_chunk_age * SECOND) // 2
        good: list[Entry] = []
        failed: list[tuple[Entry, str, int]] = []
        for entry in entries:
            if (entry.timestamp, entry.line) == last:
                self.repeats += 1
                continue
            if stream.bucket and not limits.rate_limit_whole_stream \
                    and not stream.bucket.take(entry.size, now):
                failed.append((entry, self._over_rate(stream, entry), 429))
                continue
            if limits.unordered_writes and newest is not None \
                    and entry.timestamp < newest - window:
                self.order_violations[stream.text] += 1
                failed.append((entry, "entry too far behind, entry timestamp is:"
                               f" {rfc3339(entry.timestamp)}, oldest acceptable timestamp is:"
                               f" {rfc3339(newest - window)}", 400))
                continue
            last = (entry.timestamp, entry.line)
            newest = entry.timestamp if newest is None else max(newest, entry.timestamp)
            good.append(entry)
        if stream.bucket and limits.rate_limit_whole_stream \
                and not stream.bucket.take(sum(entry.size for entry in good), now):
            return [], [(entry, self._over_rate(stream, entry), 429) for entry in good]
        return good, failed

    def _over_rate(self, stream: StoredStream, entry: Entry) -> str:
        return (f"Per stream rate limit exceeded (limit: {byte_size(self.limits.stream_rate)}/sec)"
                f" while attempting to ingest for stream '{stream.text}' totaling"
                f" {byte_size(entry.size)}, consider splitting a stream via additional labels or"
                " contact your Loki administrator to see if the limit can be increased")

    def _is_there(self, stream: StoredStream, entry: Entry, before: list[int]) -> bool:
        if len(before) < 16:
            return any(self._lines[row] == entry.line for row in before)
        texts = stream.texts.get(entry.timestamp)
        if texts is None:
            texts = stream.texts[entry.timestamp] = {self._lines[row] for row in before}
        there = entry.line in texts
        texts.add(entry.line)  # it will be there
        return there

    def _append(self, stream: StoredStream, entry: Entry) -> str:
        """A line that is there at that time is not stored again, whatever its metadata. In order,
        only the last line is looked at. (Real Loki looks at what is not flushed yet, and shows
        the rest once when it is queried.)"""
        at = stream.rows.get(entry.timestamp)
        before = [] if at is None else at if isinstance(at, list) else [at]
        if self.limits.unordered_writes and self._is_there(stream, entry, before):
            self.repeats += 1
            return ""
        if stream.newest is not None and entry.timestamp < stream.newest:
            self.order_violations[stream.text] += 1
            if not self.limits.unordered_writes:
                return "entry out of order"
        row = len(self)
        if isinstance(at, list):
            at.append(row)
        else:
            stream.rows[entry.timestamp] = row if at is None else [at, row]
        stream.newest = max(entry.timestamp, stream.newest or entry.timestamp)
        stream.last = (entry.timestamp, entry.line)
        self._of.append(stream)
        self._timestamps.append(entry.timestamp)
        self._lines.append(entry.line)
        self._metadata.append(self._known.setdefault(entry.metadata, entry.metadata))
        return ""


def failure(stream: StoredStream, failed: list[tuple[Entry, str, int]], total: int,
            limits: Limits) -> Refused:
    """pkg/ingester/stream.go, errorForFailedEntries."""
    shown = failed[:limits.max_returned_errors or None]
    return Refused(failed[-1][2], "".join(
        f"entry with timestamp {go_time(entry.timestamp)} ignored, reason: '{reason}',\n"
        for entry, reason, _ in shown)
        + f"user '{stream.tenant}', total ignored: {len(failed)} out of {total}"
          f" for stream: {stream.text}")
