"""The double of Loki by itself: each of its rules takes what is right and refuses what is not, in
Loki's words. What else it answers is in test_fake_loki_queries.py, how it fails in
test_fake_loki_faults.py."""

import time

import pytest
import snappy

from fake_loki import FakeLoki
from fake_loki_labels import parse_labels, written
from fake_loki_limits import Limits
from loki_push import LokiPush, protobuf

SECOND, MINUTE, HOUR = 10 ** 9, 60 * 10 ** 9, 3600 * 10 ** 9
NOW = 1_767_225_600 * SECOND  # 2026-01-01T00:00:00Z
JOB = '{job="test"}'


class Clock:
    def __init__(self):
        self.now = NOW / SECOND

    def __call__(self):
        return self.now


@pytest.fixture
def clock():
    return Clock()


@pytest.fixture
def loki(clock):
    with FakeLoki(clock=clock) as loki:
        yield loki
        assert loki.malformed == []


@pytest.fixture
def push(loki):
    with LokiPush(loki.port) as push:
        yield push


def texts(loki):
    return [row.line for row in loki.held()]


def refused(answered, text, status=400):
    assert (answered.status, answered.text) == (status, text + "\n")
    assert answered.headers["X-Content-Type-Options"] == "nosniff"


# The wire


def test_a_push_is_stored_and_answered_with_204_and_no_body(loki, push):
    answered = push.put(('{b="2", a="1"}', [(NOW + 7, "one", {"unit": "x.service"}), (NOW, "two")]))
    assert (answered.status, answered.text) == (204, "")
    assert "Content-Length" not in answered.headers and "Date" in answered.headers
    assert [tuple(row) for row in loki.held()] == [
        ('{a="1", b="2"}', NOW + 7, "one", {"unit": "x.service"}, "fake"),
        ('{a="1", b="2"}', NOW, "two", {}, "fake")]


def test_bytes_written_by_hand_are_read(loki, push):
    seconds = (NOW // SECOND).to_bytes(8, "little")  # to be a varint of five bytes
    value, varint = int.from_bytes(seconds, "little"), b""
    while value > 0x7f:
        varint, value = varint + bytes([value & 0x7f | 0x80]), value >> 7
    varint += bytes([value])
    stamp = b"\x08" + varint + b"\x10\x05"
    pair = b"\x0a\x01k\x12\x01v"
    entry = b"\x0a" + bytes([len(stamp)]) + stamp + b"\x12\x02hi" + b"\x1a\x06" + pair
    stream = b'\x0a\x07{a="b"}\x12' + bytes([len(entry)]) + entry + b"\x18\x2a"
    assert push.send(snappy.compress(b"\x0a" + bytes([len(stream)]) + stream)).status == 204
    assert [tuple(row) for row in loki.held()] == [('{a="b"}', NOW + 5, "hi", {"k": "v"}, "fake")]


@pytest.mark.parametrize("body, text", [
    (b"", "snappy: corrupt input"),
    (b"not snappy at all", "snappy: corrupt input"),
    (snappy.compress(protobuf((JOB, [(NOW, "x")])))[:-1], "snappy: corrupt input"),
    (snappy.compress(b"\x0a\xff"), "unexpected EOF"),
    (snappy.compress(b"\x0b"), "unexpected EOF"),
    (snappy.compress(b"\x0a\x09\x0a\x07{a=\"\xff\"}"), "string is not UTF-8: b'{a=\"\\xff\"}'"),
    (snappy.compress(b'\x0a\x10\x0a\x07{a="b"}\x12\x05\x12\x03a\xfez'),
     "string is not UTF-8: b'a\\xfez'"),
    (snappy.compress(b'\x0a\x13\x0a\x07{a="b"}\x12\x08\x0a\x06\x10\x80\x94\xeb\xdc\x03'),
     "timestamp: nanos 1000000000 not in range [0, 1e9)"),
    (snappy.compress(protobuf((JOB, [(2 ** 63, "x")]))),
     "timestamp: seconds out of range: 9223372036"),
])
def test_what_cannot_be_decoded(loki, push, body, text):
    refused(push.send(body), text)
    assert loki.held() == [] and loki.counts.by_status == {400: 1}


@pytest.mark.parametrize("headers, text", [
    ({"Content_Type": "text/plain"}, 'Content-Type "text/plain" not supported'),
    ({"Content_Type": None}, "mime: no media type"),
    ({"Content_Encoding": "br"}, 'Content-Encoding "br" not supported'),
])
def test_headers_of_a_push(loki, push, headers, text):
    body = snappy.compress(protobuf((JOB, [(NOW, "x")])))
    refused(push.send(body, **headers), text)
    assert push.send(body, Content_Encoding=None).status == 204


def test_bodies_are_bounded_compressed_and_not(loki, push):
    loki.api.limits.max_body = 1000
    assert push.line("x" * 900, NOW).status == 204
    refused(push.line("x" * 1000, NOW), "request body too large: message size too large than max"
                                        " (1031 vs 1000)", 413)
    refused(push.send(bytes(1001)),
            "request body too large: message size too large than max (1001 vs 1000)", 413)
    with LokiPush(loki.port) as other:  # it is refused by its header
        other.http.putrequest("POST", "/loki/api/v1/push")
        other.http.putheader("Content-Length", str((64 << 20) + 1))
        other.http.endheaders()
        assert other.http.getresponse().status == 413


# Labels


@pytest.mark.parametrize("text, labels", [
    ('{a="b"}', (("a", "b"),)),
    ('{z="1",a="2" , m="3",}', (("a", "2"), ("m", "3"), ("z", "1"))),
    ('{a=""}', ()),
    ("{}", ()),
    (r'{a="\"\\\n\t\x41\u00e9\U0001f600\101"}', (("a", '"\\\n\tA\u00e9\U0001f600A'),)),
    ('{a="b", a="c"}', (("a", "b"), ("a", "c"))),
])
def test_labels_that_are_read(text, labels):
    assert parse_labels(text) == labels
    assert parse_labels(written(labels)) == labels


@pytest.mark.parametrize("text", [
    "", "a", "{", "{a}", '{a="b"', '{a="b"} x', '{a="b" c="d"}', '{a-b="c"}', '{1a="b"}', "{a=b}",
    "{a='b'}", '{a=~"b"}', '{a="b\n"}', r'{a="\q"}', r'{a="\xff"}', r"""{a="\'"}""",
    r'{a="\ud800"}', '{,a="b"}', '{a="b",,}'])
def test_labels_that_cannot_be_parsed_refuse_the_whole_push(loki, push, text):
    answered = push.put((JOB, [(NOW, "good")]), (text, [(NOW, "bad")]))
    assert answered.status == 400 and answered.text.startswith("couldn't parse labels: 1:")
    assert loki.held() == []


def test_what_stands_between_quotes_in_an_answer_is_gos():
    assert written((("a", 'q"\\\n\x01\x7f\u00e9\u200b\U0001f600'),)) == \
        '{a="q\\"\\\\\\n\\x01\\x7f\u00e9\\u200b\U0001f600"}'


LONG_NAME, LONG_VALUE = "n" * 1025, "v" * 2049
MANY = "{" + ", ".join(f'l{number:02}="x"' for number in range(16)) + "}"


@pytest.mark.parametrize("labels, text", [
    ("{}", "error at least one label pair is required per stream"),
    (MANY, f"entry for stream '{MANY}' has 16 label names; limit 15"),
    (f'{{{LONG_NAME}="x"}}',
     f"stream '{{{LONG_NAME}=\"x\"}}' has label name too long: '{LONG_NAME}'"),
    (f'{{a="{LONG_VALUE}"}}', f"stream '{{a=\"{LONG_VALUE}\"}}' has label value too long:"
                              f" '{LONG_VALUE}'"),
    ('{a="b", a="c"}', "stream '{a=\"b\", a=\"c\"}' has duplicate label name: 'a'"),
])
def test_labels_that_are_not_valid_refuse_their_stream_only(loki, push, labels, text):
    refused(push.put((labels, [(NOW, "bad")]), (JOB, [(NOW, "good")])), text)
    assert texts(loki) == ["good"] and loki.refused == 1


def test_labels_at_their_limits(loki, push):
    most = MANY.replace("l15", "service_name")
    for labels in (most, f'{{{LONG_NAME[1:]}="{LONG_VALUE[1:]}"}}'):
        assert push.put((labels, [(NOW, "x")])).status == 204
    assert loki.lines() == 2


def test_a_push_without_streams_and_a_stream_without_lines(loki, push):
    refused(push.put(), "error at least one valid stream is required for ingestion", 422)
    assert push.put((JOB, [])).status == 204 and loki.held() == []


# Entries


@pytest.mark.parametrize("line, text", [
    ((NOW - 168 * HOUR - SECOND, "x"),
     "entry for stream '{job=\"test\"}' has timestamp too old: 2025-12-24T23:59:59Z, oldest"
     " acceptable timestamp is: 2025-12-25T00:00:00Z"),
    ((NOW + 10 * MINUTE + SECOND, "x"),
     "entry for stream '{job=\"test\"}' has timestamp too new: 2026-01-01T00:10:01Z"),
    ((NOW, "x" * 262145), "Max entry size '262144' bytes exceeded for stream '{job=\"test\"}' while"
                          " adding an entry with length '262145' bytes"),
    ((NOW, "x", {"name": "v" * (65536 - 3)}),
     "stream '{job=\"test\"}' has structured metadata too large: '65537' bytes, limit: '65536'"
     " bytes. Please see `limits_config.max_structured_metadata_size` or contact your Loki"
     " administrator to increase it."),
    ((NOW, "x", {f"n{number}": "v" for number in range(129)}),
     "stream '{job=\"test\"}' has too many structured metadata labels: '129', limit: '128'. Please"
     " see `limits_config.max_structured_metadata_entries_count` or contact your Loki administrator"
     " to increase it."),
])
def test_entries_that_are_not_valid_are_left_out(loki, push, line, text):
    refused(push.put((JOB, [(NOW, "before"), line, (NOW + 1, "after")])), text)
    assert texts(loki) == ["before", "after"] and loki.refused == 1


@pytest.mark.parametrize("line", [
    (NOW - 168 * HOUR, "x"), (NOW + 10 * MINUTE, "x"), (NOW, "\u00e9" * 131072),
    (NOW, "x", {"name": "v" * (65536 - 4)}), (NOW, "x", {f"n{n}": "v" for n in range(128)}),
    (NOW, "")])
def test_entries_at_their_limits(loki, push, line):
    assert push.put((JOB, [line])).status == 204 and loki.lines() == 1


def test_several_errors_are_grouped(loki, push):
    assert push.put(("{}", [(NOW, "x")]), ("{}", [(NOW, "y")]), (MANY, [(NOW, "z")])).text == (
        "2 errors like: error at least one label pair is required per stream; 1 errors like: entry"
        f" for stream '{MANY}' has 16 label names; limit 15\n")


def test_structured_metadata_may_be_disallowed(loki, push):
    loki.api.limits.allow_structured_metadata = False
    refused(push.put((JOB, [(NOW, "with", {"a": "b"}), (NOW, "without")])),
            "stream '{job=\"test\"}' includes structured metadata, but this feature is disallowed."
            " Please see `limits_config.allow_structured_metadata` or contact your Loki"
            " administrator to enable it.")
    assert texts(loki) == ["without"]


def test_an_old_loki_does_not_see_structured_metadata(loki, push):
    loki.api.version = "2.8.4"
    assert push.put((JOB, [(NOW, "x", {"a": "b"})])).status == 204
    assert loki.held()[0].metadata == {}


# Order and repeats


def test_far_behind_the_newest_line_of_its_stream(loki, push):
    lines = [(NOW, "newest"), (NOW - HOUR, "in time"), (NOW - HOUR - 500_000_000, "late"),
             (NOW - 2 * HOUR, "later")]
    refused(push.put((JOB, lines), ('{job="other"}', [(NOW - 2 * HOUR, "alone")])),
            "entry with timestamp 2025-12-31 22:59:59.5 +0000 UTC ignored, reason: 'entry too far"
            " behind, entry timestamp is: 2025-12-31T22:59:59Z, oldest acceptable timestamp is:"
            " 2025-12-31T23:00:00Z',\n"
            "entry with timestamp 2025-12-31 22:00:00 +0000 UTC ignored, reason: 'entry too far"
            " behind, entry timestamp is: 2025-12-31T22:00:00Z, oldest acceptable timestamp is:"
            " 2025-12-31T23:00:00Z',\n"
            "user 'fake', total ignored: 2 out of 4 for stream: {job=\"test\"}")
    assert texts(loki) == ["newest", "in time", "alone"]
    assert loki.order_violations == {JOB: 3}


def test_only_so_many_failed_entries_are_named(loki, push):
    late = [(NOW - 2 * HOUR - number, "late") for number in range(12)]
    answered = push.put((JOB, [(NOW, "newest"), *late]))
    assert answered.text.count("ignored, reason") == 10
    assert answered.text.endswith("total ignored: 12 out of 13 for stream: {job=\"test\"}\n")


def test_a_later_stream_may_hide_the_failure_of_an_earlier_one(loki, push):
    bad = (JOB, [(NOW, "newest"), (NOW - 2 * HOUR, "late")]), ('{job="b"}', [(NOW, "good")])
    assert push.put(*bad).status == 400
    loki.api.limits.last_stream_speaks = True
    assert push.put(*bad).status == 204


def test_in_order_only(loki, push):
    loki.api.limits.unordered_writes = False
    refused(push.put((JOB, [(NOW, "a"), (NOW, "b"), (NOW - 1, "late"), (NOW + 1, "c")])),
            "entry with timestamp 2025-12-31 23:59:59.999999999 +0000 UTC ignored, reason: 'entry"
            " out of order',\nuser 'fake', total ignored: 1 out of 4 for stream: {job=\"test\"}")
    assert texts(loki) == ["a", "b", "c"]


def test_what_comes_again_is_stored_once(loki, push):
    for _ in range(2):
        assert push.put((JOB, [(NOW, "a"), (NOW, "b"), (NOW + 1, "a")])).status == 204
    assert push.put((JOB, [(NOW, "a", {"other": "metadata"})]), ('{job="b"}', [(NOW, "a")])
                    ).status == 204
    assert [(row.labels, row.timestamp - NOW, row.line) for row in loki.held()] == [
        (JOB, 0, "a"), (JOB, 0, "b"), (JOB, 1, "a"), ('{job="b"}', 0, "a")]
    assert loki.repeats == 4 and loki.order_violations == {}


# Rates and streams


def test_a_tenant_over_its_rate_stores_nothing(loki, push, clock):
    loki.api.limits.ingestion_rate, loki.api.limits.ingestion_burst = 100, 150
    assert push.line("x" * 120, NOW).status == 204
    refused(push.line("y" * 120, NOW + 1),
            "Ingestion rate limit exceeded for user fake (limit: 100 bytes/sec) while attempting to"
            " ingest '1' lines totaling '120' bytes, reduce log volume or contact your Loki"
            " administrator to see if the limit can be increased", 429)
    clock.now += 1
    assert push.line("y" * 120, NOW + 1).status == 204
    clock.now += 1000
    assert push.line("z" * 151, NOW + 2).status == 429  # it never fits
    assert loki.lines() == 2 and loki.refused == 2


def test_a_stream_over_its_rate_as_a_whole_or_by_entry(loki, push):
    limits = loki.api.limits
    limits.stream_rate, limits.stream_burst = 3 << 20, 1500
    lines = [(NOW, "a" * 1000), (NOW + 1, "b" * 1000)]
    refused(push.put((JOB, lines)), "".join(
        f"entry with timestamp 2026-01-01 00:00:00{fraction} +0000 UTC ignored, reason: 'Per stream"
        " rate limit exceeded (limit: 3MB/sec) while attempting to ingest for stream"
        " '{job=\"test\"}' totaling 1000B, consider splitting a stream via additional labels or"
        " contact your Loki administrator to see if the limit can be increased',\n"
        for fraction in ("", ".000000001"))
        + "user 'fake', total ignored: 2 out of 2 for stream: {job=\"test\"}", 429)
    assert loki.lines() == 0
    limits.rate_limit_whole_stream = False
    assert push.put((JOB, lines)).status == 429
    assert texts(loki) == ["a" * 1000]


def test_active_streams_are_limited(loki, push):
    loki.api.limits.max_streams = 2
    for name in "ab":
        assert push.put((f'{{s="{name}"}}', [(NOW, "x")])).status == 204
    refused(push.put(('{s="c"}', [(NOW, "x")]), ('{s="a"}', [(NOW, "y")])),
            "Maximum active stream limit exceeded when trying to create stream {s=\"c\"}, reduce"
            " the number of active streams (reduce labels or reduce label values), or contact your"
            " Loki administrator to see if the limit can be increased, user: 'fake'", 429)
    assert loki.lines() == 3


# Counting, and speed


def test_what_it_counts(loki, push):
    push.line("a", NOW)
    push.put((JOB, [(NOW - 1, "b"), (NOW, "a")]), User_Agent="me/1")
    push.send(b"rubbish")
    counts = loki.counts
    assert (counts.pushes, counts.by_status) == (3, {204: 2, 400: 1})
    assert (loki.connections, counts.in_flight, counts.max_in_flight) == (1, 0, 1)
    assert [(one.status, one.streams, one.lines) for one in counts.log] == [
        (204, 1, 1), (204, 1, 2), (400, 0, 0)]
    assert (loki.repeats, loki.order_violations) == (1, {JOB: 1})
    assert counts.compressed == sum(one.compressed for one in counts.log) > 0
    assert counts.uncompressed == len(protobuf((JOB, [(NOW, "a")]))) + len(
        protobuf((JOB, [(NOW - 1, "b"), (NOW, "a")])))
    assert b"POST /loki/api/v1/push HTTP/1.1\r\n" in counts.last_head
    loki.forget()
    assert loki.held() == [] and counts.pushes == 3


@pytest.mark.parametrize("later", [False, True])
def test_a_full_batch_is_taken_quickly(clock, later):
    lines = [(NOW + n, f"{n:05} " + "x" * 190, {"unit": "a", "n": str(n)}) for n in range(5000)]
    body = snappy.compress(protobuf((JOB, lines)))
    with FakeLoki(Limits(), decode_later=later, clock=clock) as loki, LokiPush(loki.port) as push:
        began = time.process_time()  # it is a thread of this process
        assert push.send(body).status == 204
        took = time.process_time() - began
        print(f"answered by {took:.3f} s of the processor")
        assert took < 2  # some 0.1 s
        assert len(loki.held()) == 5000 and loki.problems == []
        push.send(b"rubbish")
        loki.settle()
        assert loki.problems == (["400: snappy: corrupt input"] if later else [])
