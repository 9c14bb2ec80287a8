"""LokiPush: pushes made by libraries alone, for tests of the double of Loki."""

import contextlib
import http.client
import json
import ssl
import time
import urllib.parse
from typing import Iterable, NamedTuple

import snappy

from fake_loki_wire import FIELD, schema

PUSH = "/loki/api/v1/push"
HEADERS = {"Content-Type": "application/x-protobuf", "Content-Encoding": "snappy"}
Line = tuple[int, str] | tuple[int, str, dict[str, str]]  # nanoseconds, text, metadata


class Answered(NamedTuple):
    status: int
    text: str
    headers: http.client.HTTPMessage


def protobuf(*streams: tuple[str, Iterable[Line]]) -> bytes:
    request = schema(text=FIELD.TYPE_STRING)()
    for labels, lines in streams:
        stream = request.streams.add(labels=labels)
        for timestamp, line, *metadata in lines:
            entry = stream.entries.add(line=line)
            entry.timestamp.seconds, entry.timestamp.nanos = divmod(timestamp, 10 ** 9)
            for name, value in (metadata[0] if metadata else {}).items():
                entry.structuredMetadata.add(name=name, value=value)
    return request.SerializeToString()


class LokiPush:
    """One client with one kept connection; `put` makes a new one when that is gone."""

    def __init__(self, port: int, tls: ssl.SSLContext | None = None, timeout: float = 5,
                 **headers: str) -> None:
        self.http = http.client.HTTPSConnection("localhost", port, timeout=timeout, context=tls) \
            if tls else http.client.HTTPConnection("127.0.0.1", port, timeout=timeout)
        self.headers = {name.replace("_", "-"): value for name, value in headers.items()}

    def __enter__(self) -> "LokiPush":
        return self

    def __exit__(self, *_: object) -> None:
        self.http.close()

    def put(self, *streams: tuple[str, Iterable[Line]], **headers: str) -> Answered:
        return self.send(snappy.compress(protobuf(*streams)), **headers)

    def line(self, text: str, timestamp: int | None = None) -> Answered:
        return self.put(('{job="test"}', [(timestamp or time.time_ns(), text)]))

    def send(self, body: bytes, method: str = "POST", path: str = PUSH,
             **headers: str | None) -> Answered:
        given = {**HEADERS, **self.headers,
                 **{name.replace("_", "-"): value for name, value in headers.items()}}
        return self.ask(method, path, body, {name: value for name, value in given.items()
                                             if value is not None})

    def ask(self, method: str, path: str, body: bytes | None = None,
            headers: dict[str, str] | None = None) -> Answered:
        try:
            self.http.request(method, path, body, self.headers if headers is None else headers)
            answer = self.http.getresponse()
            return Answered(answer.status, answer.read().decode(), answer.headers)
        except (OSError, http.client.HTTPException):
            with contextlib.suppress(OSError):
                self.http.close()
            raise

    def query(self, query: str, **asked: object) -> list[dict]:
        answered = self.ask("GET", "/loki/api/v1/query_range?"
                            + urllib.parse.urlencode({"query": query, **asked}))
        assert answered.status == 200, answered
        return json.loads(answered.text)["data"]["result"]
