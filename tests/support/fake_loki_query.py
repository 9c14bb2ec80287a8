"""The small part of Loki's queries that a canary needs: query_range with one selector and at most
one line filter, label names and their values. Shapes: pkg/loghttp/query.go.
"""

import heapq
import itertools
import re
from typing import Callable, Iterable

from fake_loki_labels import Matcher, Unparsable, parse_query
from fake_loki_store import Held, Store, StoredStream
from fake_loki_wire import Refused

MAX_ENTRIES = 5000  # max_entries_limit_per_query
HOUR = 3600 * 10 ** 9


def query_range(store: Store, tenant: str, asked: dict[str, str], now: float,
                merge_metadata: bool) -> dict:
    """`merge_metadata`: Loki 3.x shows structured metadata among the labels, to who does not ask
    for them apart (X-Loki-Response-Encoding-Flags), so a stream comes in as many parts as its lines
    have different metadata."""
    matchers, passes = parse(asked.get("query", ""))
    end = parse_time(asked.get("end"), int(now * 1e9))
    start = parse_time(asked.get("start"), end - HOUR)
    direction = asked.get("direction", "backward").lower()
    if direction not in ("forward", "backward"):
        raise Refused(400, f"invalid direction '{asked['direction']}'")
    if end < start:
        raise Refused(400, "end timestamp must not be before or equal to start time")
    limit, step = parse_limit(asked), 1 if direction == "forward" else -1
    parts = [store.between(stream, start, end, step, passes)
             for stream in matching(store, tenant, matchers)]
    found = heapq.merge(*parts, key=lambda row: row.timestamp * step)
    return {"status": "success", "data": {
        "resultType": "streams", "stats": {},
        "result": grouped(store, itertools.islice(found, limit), merge_metadata)}}


def parse(query: str) -> tuple[list[Matcher], Callable[[str], bool]]:
    try:
        matchers, passes = parse_query(query)
    except Unparsable as problem:
        # Real Loki's texts come from its grammar: "parse error at line 1, col 1: syntax error: ..."
        raise Refused(400, f"parse error at line 1, col 1: {problem}") from None
    if all(one.accepts("") for one in matchers):  # pkg/logql/syntax/parser.go, validateMatchers
        raise Refused(400, "parse error : queries require at least one regexp or equality matcher"
                      " that does not have an empty-compatible value. For instance, app=~\".*\""
                      " does not meet this requirement, but app=~\".+\" will")
    return matchers, passes


def parse_limit(asked: dict[str, str]) -> int:
    try:
        limit = int(asked.get("limit", "100"))
    except ValueError:
        raise Refused(400, f"strconv.Atoi: parsing \"{asked['limit']}\": invalid syntax") from None
    if limit <= 0:
        raise Refused(400, "limit must be a positive value")
    if limit > MAX_ENTRIES:  # pkg/querier/limits
        raise Refused(400, "max entries limit per query exceeded, limit >"
                      f" max_entries_limit_per_query ({limit} > {MAX_ENTRIES})")
    return limit


def parse_time(text: str | None, otherwise: int) -> int:
    """pkg/loghttp/params.go: seconds with a fraction, seconds up to ten digits, or nanoseconds."""
    if not text:
        return otherwise
    if re.fullmatch(r"\d+\.\d+", text):
        whole, _, fraction = text.partition(".")
        return int(whole) * 10 ** 9 + int(f"{fraction:0<9}"[:9])
    if not re.fullmatch(r"\d+", text):  # real Loki takes RFC 3339 too
        raise Refused(400, f"strconv.ParseInt: parsing \"{text}\": invalid syntax")
    return int(text) * (10 ** 9 if len(text) <= 10 else 1)


def matching(store: Store, tenant: str, matchers: list[Matcher]) -> list[StoredStream]:
    found = []
    for stream in store.streams.values():
        labels = dict(stream.labels)
        if stream.tenant == tenant and all(one.accepts(labels.get(one.name, ""))
                                           for one in matchers):
            found.append(stream)
    return found


def grouped(store: Store, rows: Iterable[Held], merge_metadata: bool) -> list[dict]:
    groups: dict[tuple, dict] = {}
    for row in rows:
        labels = dict(store.streams[row.tenant, row.labels].labels)
        if merge_metadata:
            labels.update(row.metadata)
        group = groups.setdefault(tuple(sorted(labels.items())), {"stream": labels, "values": []})
        group["values"].append([str(row.timestamp), row.line])
    return list(groups.values())


def label_names(store: Store, tenant: str) -> dict:
    return success({name for stream in store.streams.values() if stream.tenant == tenant
                    for name, _ in stream.labels})


def label_values(store: Store, tenant: str, label: str) -> dict:
    return success({value for stream in store.streams.values() if stream.tenant == tenant
                    for name, value in stream.labels if name == label})


def success(found: set[str]) -> dict:
    """Without anything there is no "data" either: pkg/logproto has it omitempty."""
    return {"status": "success", **({"data": sorted(found)} if found else {})}
