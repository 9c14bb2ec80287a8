"""What Loki's distributor refuses, in its words: pkg/distributor/validator.go with the texts of
pkg/validation/validate.go. `Limits` has the defaults of pkg/validation/limits.go and, for the
ingester's part, of pkg/ingester/ingester.go.
"""

import dataclasses
import datetime
from typing import NamedTuple

from fake_loki_labels import Labels, Unparsable, parse_labels, written
from fake_loki_wire import Entry, Refused, Stream

SECOND = 10 ** 9


@dataclasses.dataclass
class Limits:
    """Sizes are bytes, ages seconds; 0: not limited. The limits of rates are off, so that the speed
    of a machine decides no test; Loki's own are REAL_RATES."""

    max_body: int = 64 << 20             # distributor.max-recv-msg-size is 100 MiB
    # What the distributor hands to an ingester: dskit's server.grpc_server_max_recv_msg_size.
    max_message: int = 4 << 20
    max_label_names: int = 15
    max_label_name: int = 1024
    max_label_value: int = 2048
    max_line_size: int = 256 << 10
    allow_structured_metadata: bool = True
    max_metadata_size: int = 64 << 10
    max_metadata_count: int = 128
    max_sample_age: float = 168 * 3600   # reject_old_samples_max_age
    grace_period: float = 10 * 60        # creation_grace_period
    max_chunk_age: float = 2 * 3600      # half of it may a line be behind its stream's newest
    unordered_writes: bool = True        # False: a line older than its stream's newest is refused
    max_streams: int = 5000
    max_returned_errors: int = 10        # ingester.max-ignored-stream-errors
    ingestion_rate: int = 0              # bytes per second of a tenant
    ingestion_burst: int = 0
    stream_rate: int = 0                 # bytes per second of a stream
    stream_burst: int = 0
    # With shard_streams.enabled, the default since 2.9, a stream over its rate is refused as a
    # whole; without, entry by entry, and what fitted stays: pkg/ingester/stream.go.
    rate_limit_whole_stream: bool = True
    # pkg/ingester/instance.go, Push: the answer is about the last stream of a push, so that the
    # failure of an earlier one is hidden by a later success (204). False: any failure is told.
    last_stream_speaks: bool = False


REAL_RATES = {"ingestion_rate": 4 << 20, "ingestion_burst": 6 << 20,
              "stream_rate": 3 << 20, "stream_burst": 15 << 20}


class Valid(NamedTuple):
    labels: Labels
    text: str  # the labels as Loki writes them
    entries: list[Entry]


class Bucket:
    """golang.org/x/time/rate: a take is all or nothing, and larger than the burst never fits."""

    def __init__(self, rate: int, burst: int, now: float) -> None:
        self._rate, self._burst = rate, burst
        self._tokens, self._at = float(burst), now

    def take(self, amount: int, now: float) -> bool:
        self._tokens = min(self._burst, self._tokens + max(0.0, now - self._at) * self._rate)
        self._at = max(self._at, now)
        if amount > self._tokens:
            return False
        self._tokens -= amount
        return True


def parse_streams(streams: list[Stream]) -> list[tuple[Labels, Stream]]:
    """pkg/loghttp/push/push.go: labels that cannot be parsed refuse the whole request, before the
    distributor ("Error parsing labels '...' with error: ...") sees any of it."""
    if not streams:
        # pkg/distributor/distributor.go since 3.1; before that it was 204.
        raise Refused(422, "error at least one valid stream is required for ingestion")
    try:
        return [(parse_labels(one.labels), one) for one in streams]
    except Unparsable as problem:
        raise Refused(400, f"couldn't parse labels: {problem}") from None


def validate(limits: Limits, streams: list[tuple[Labels, Stream]],
             now: float) -> tuple[list[Valid], list[str]]:
    """What may go on to the ingester, and what is wrong with the rest."""
    valid, errors = [], []
    for labels, stream in streams:
        if not stream.entries:
            continue  # silently: pkg/distributor/distributor.go
        problem = wrong_labels(limits, labels, stream.labels)
        if problem:
            errors.append(problem)
            continue
        text = written(labels)
        check = EntryCheck(limits, text, now)
        good = []
        for entry in stream.entries:
            problem = check(entry)
            if problem:
                errors.append(problem)
            else:
                good.append(entry)
        if good:
            valid.append(Valid(labels, text, good))
    return valid, errors


def wrong_labels(limits: Limits, labels: Labels, sent: str) -> str:
    if not labels:
        # Loki 3.x with discover_service_name, its default, first adds service_name to every stream
        # that has none, and so never comes here.
        return "error at least one label pair is required per stream"
    names = [name for name, _ in labels]
    count = len(names) - ("service_name" in names)
    if count > limits.max_label_names:
        return (f"entry for stream '{sent}' has {count} label names;"
                f" limit {limits.max_label_names}")
    last = ""
    for name, value in labels:
        if len(name.encode()) > limits.max_label_name:
            return f"stream '{sent}' has label name too long: '{name}'"
        if len(value.encode()) > limits.max_label_value:
            return f"stream '{sent}' has label value too long: '{value}'"
        if name == last:
            return f"stream '{sent}' has duplicate label name: '{name}'"
        last = name
    return ""


class EntryCheck:
    def __init__(self, limits: Limits, labels: str, now: float) -> None:
        self._limits, self._labels = limits, labels
        self._oldest = int((now - limits.max_sample_age) * SECOND) \
            if limits.max_sample_age else None
        self._newest = int((now + limits.grace_period) * SECOND)

    def __call__(self, entry: Entry) -> str:
        limits, labels = self._limits, self._labels
        if self._oldest is not None and entry.timestamp < self._oldest:
            return (f"entry for stream '{labels}' has timestamp too old:"
                    f" {rfc3339(entry.timestamp)}, oldest acceptable timestamp is:"
                    f" {rfc3339(self._oldest)}")
        if entry.timestamp > self._newest:
            return f"entry for stream '{labels}' has timestamp too new: {rfc3339(entry.timestamp)}"
        metadata = sum(len(name.encode()) + len(value.encode()) for name, value in entry.metadata) \
            if entry.metadata else 0
        length = entry.size - metadata
        if limits.max_line_size and length > limits.max_line_size:
            return (f"Max entry size '{limits.max_line_size}' bytes exceeded for stream '{labels}'"
                    f" while adding an entry with length '{length}' bytes")
        return self._wrong_metadata(entry, metadata) if entry.metadata else ""

    def _wrong_metadata(self, entry: Entry, size: int) -> str:
        limits, stream = self._limits, f"stream '{self._labels}'"
        count, contact = len(entry.metadata), "or contact your Loki administrator to"
        if not limits.allow_structured_metadata:
            return (f"{stream} includes structured metadata, but this feature is disallowed. Please"
                    f" see `limits_config.allow_structured_metadata` {contact} enable it.")
        if limits.max_metadata_size and size > limits.max_metadata_size:
            return (f"{stream} has structured metadata too large: '{size}' bytes, limit:"
                    f" '{limits.max_metadata_size}' bytes. Please see"
                    f" `limits_config.max_structured_metadata_size` {contact} increase it.")
        if limits.max_metadata_count and count > limits.max_metadata_count:
            return (f"{stream} has too many structured metadata labels: '{count}', limit:"
                    f" '{limits.max_metadata_count}'. Please see"
                    f" `limits_config.max_structured_metadata_entries_count` {contact}"
                    " increase it.")
        return ""


def grouped(errors: list[str]) -> str:
    """pkg/util/errors.go, GroupedErrors; real Loki gives them in any order."""
    counts: dict[str, int] = {}
    for error in errors:
        counts[error] = counts.get(error, 0) + 1
    if len(errors) == 1:
        return errors[0]
    return "; ".join(f"{count} errors like: {error}" for error, count in counts.items())


def moment(nanoseconds: int) -> datetime.datetime:
    seconds = max(-62135596800, min(253402300799, nanoseconds // SECOND))
    return datetime.datetime(1970, 1, 1) + datetime.timedelta(seconds=seconds)


def rfc3339(nanoseconds: int) -> str:
    return moment(nanoseconds).strftime("%Y-%m-%dT%H:%M:%SZ")


def go_time(nanoseconds: int) -> str:
    """As Go's time.Time.String() has it."""
    fraction = f"{nanoseconds % SECOND:09}".rstrip("0")
    return (moment(nanoseconds).strftime("%Y-%m-%d %H:%M:%S") + (f".{fraction}" if fraction else "")
            + " +0000 UTC")


def byte_size(amount: int) -> str:
    """As github.com/c2h5oh/datasize has it, by pkg/util/flagext/bytesize.go."""
    if amount == 0:
        return "0B"
    for unit, size in (("EB", 1 << 60), ("PB", 1 << 50), ("TB", 1 << 40), ("GB", 1 << 30),
                       ("MB", 1 << 20), ("KB", 1 << 10)):
        if amount % size == 0:
            return f"{amount // size}{unit}"
    return f"{amount}B"
