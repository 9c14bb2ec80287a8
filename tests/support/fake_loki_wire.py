"""Loki's push on the wire: a raw snappy block around a protobuf message, decoded by libraries that
know nothing of the program under test. The schema is that of pkg/push/push.proto.

Strings are declared as bytes, which looks the same on the wire: so it is seen which one is not
UTF-8. Real Loki is laxer: gogo's decoder takes any bytes for a string, and it stores such a line.
"""

from typing import Iterator, NamedTuple

import snappy
from google.protobuf import descriptor_pb2, descriptor_pool, message_factory
from google.protobuf.message import DecodeError, Message

FIELD = descriptor_pb2.FieldDescriptorProto
Metadata = tuple[tuple[str, str], ...]


class Refused(Exception):
    """What the answer says instead of 204."""

    def __init__(self, status: int, text: str) -> None:
        super().__init__(text)
        self.status, self.text = status, text


class Entry(NamedTuple):
    timestamp: int  # nanoseconds
    line: str
    metadata: Metadata = ()
    size: int = 0   # bytes of the line and its metadata: pkg/util/entry_size.go


class Stream(NamedTuple):
    labels: str
    entries: list[Entry]


def schema(structured_metadata: bool = True, text: int = FIELD.TYPE_BYTES) -> type[Message]:
    """The class of PushRequest. Before Loki 2.9 entries had no third field; as an unknown one it is
    skipped. `text` is how strings are declared."""
    pairs = [("structuredMetadata", 3, "LabelPairAdapter"), ("parsed", 4, "LabelPairAdapter")]
    messages: dict[str, list[tuple[str, int, str | int]]] = {
        "PushRequest": [("streams", 1, "StreamAdapter")],
        "StreamAdapter": [("labels", 1, text), ("entries", 2, "EntryAdapter"),
                          ("hash", 3, FIELD.TYPE_UINT64)],
        "EntryAdapter": [("timestamp", 1, "Timestamp"), ("line", 2, text),
                         *(pairs if structured_metadata else [])],
        "LabelPairAdapter": [("name", 1, text), ("value", 2, text)],
        # As google/protobuf/timestamp.proto has it.
        "Timestamp": [("seconds", 1, FIELD.TYPE_INT64), ("nanos", 2, FIELD.TYPE_INT32)]}
    file = descriptor_pb2.FileDescriptorProto(name="push.proto", package="logproto",
                                              syntax="proto3")
    for name, fields in messages.items():
        added = file.message_type.add(name=name)
        for field, number, kind in fields:
            one = added.field.add(name=field, number=number, label=FIELD.LABEL_OPTIONAL)
            if isinstance(kind, int):
                one.type = kind
                continue
            one.type, one.type_name = FIELD.TYPE_MESSAGE, f".logproto.{kind}"
            if kind != "Timestamp":
                one.label = FIELD.LABEL_REPEATED
    pool = descriptor_pool.DescriptorPool()
    pool.Add(file)
    found = pool.FindMessageTypeByName("logproto.PushRequest")
    return message_factory.MessageFactory(pool).GetPrototype(found)


def uncompress(body: bytes, limit: int) -> bytes:
    """pkg/util/http.go, decompressRequest: the size that is promised is looked at first."""
    try:
        size = promised(body)
        if size > limit:
            raise too_large(size, limit)
        return snappy.uncompress(body)
    except (snappy.UncompressError, IndexError):
        raise Refused(400, "snappy: corrupt input") from None


def promised(block: bytes) -> int:
    """The uncompressed length, a varint, with which a snappy block begins."""
    size = shift = 0
    for place in range(5):
        size |= (block[place] & 0x7f) << shift
        if block[place] < 0x80:
            return size
        shift += 7
    raise IndexError("longer than 32 bits")


def too_large(size: int, limit: int) -> Refused:
    """413 since Loki 3.5 (pkg/distributor/http.go, pkg/util/http.go); before that nothing bounded a
    push but memory."""
    return Refused(413, "request body too large: message size too large than max"
                        f" ({size} vs {limit})")


def decode(message: type[Message], data: bytes) -> list[Stream]:
    request = message()
    try:
        request.ParseFromString(data)
    except DecodeError:
        # gogo's decoder says what it met ("unexpected EOF", "proto: wrong wireType = ..."); the
        # library here does not tell.
        raise Refused(400, "unexpected EOF") from None
    try:
        has_metadata = "structuredMetadata" in fields_of_an_entry(request)
        return [Stream(one.labels.decode(), list(entries_of(one, has_metadata)))
                for one in request.streams]
    except UnicodeDecodeError as problem:
        raise Refused(400, f"string is not UTF-8: {problem.object[:80]!r}") from None


def fields_of_an_entry(request: Message) -> set[str]:
    stream = request.DESCRIPTOR.fields_by_name["streams"].message_type
    return set(stream.fields_by_name["entries"].message_type.fields_by_name)


def entries_of(stream: Message, has_metadata: bool) -> Iterator[Entry]:
    known: dict[tuple, Metadata] = {}  # most lines of a stream have the same
    for one in stream.entries:
        stamp, line = one.timestamp, one.line
        raw = tuple((pair.name, pair.value) for pair in one.structuredMetadata) \
            if has_metadata else ()
        size = len(line) + sum(len(name) + len(value) for name, value in raw)
        if raw not in known:
            known[raw] = tuple((name.decode(), value.decode()) for name, value in raw)
        if not 0 <= stamp.nanos < 10 ** 9:  # gogo's types/timestamp.go
            raise Refused(400, f"timestamp: nanos {stamp.nanos} not in range [0, 1e9)")
        timestamp = stamp.seconds * 10 ** 9 + stamp.nanos
        if abs(timestamp) >= 2 ** 63:  # Loki takes years up to 9999, of which it makes other ones
            raise Refused(400, f"timestamp: seconds out of range: {stamp.seconds}")
        yield Entry(timestamp, line.decode(), known[raw], size)
