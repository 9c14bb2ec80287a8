"""Loki's HTTP API as far as it is used, without what goes wrong on the way.

Codes and words are those of Loki 3.x where the files named here, in fake_loki_limits.py and in
fake_loki_store.py have them.
"""

import base64
import dataclasses
import hmac
import json
import re
import threading
import urllib.parse
from typing import Callable, NamedTuple

from fake_loki_limits import Limits, grouped, parse_streams, validate
from fake_loki_query import label_names, label_values, query_range
from fake_loki_store import Store
from fake_loki_wire import Refused, decode, schema, too_large, uncompress
from http_server import Request

PUSH = "/loki/api/v1/push"
JSON = {"Content-Type": "application/json; charset=UTF-8"}
# As Go's http.Error has it, by which pkg/loghttp/push says what it refuses.
TEXT = {"Content-Type": "text/plain; charset=utf-8", "X-Content-Type-Options": "nosniff"}
BUILD = {"revision": "935aee77ed", "branch": "HEAD", "buildUser": "root",
         "buildDate": "2024-06-18T17:13:20Z", "goVersion": ""}


class Reply(NamedTuple):
    status: int
    headers: dict[str, str]
    body: bytes = b""


@dataclasses.dataclass
class Carried:
    """What a push had in it, as far as it could be read."""

    uncompressed: int = 0
    streams: int = 0
    lines: int = 0


class LokiApi:
    def __init__(self, limits: Limits, version: str, clock: Callable[[], float]) -> None:
        self.limits, self.version, self.clock = limits, version, clock
        self.token = ""                         # that a proxy asks for
        self.basic: tuple[str, str] | None = None
        self.auth_enabled = False               # X-Scope-OrgID has to be there
        self.ready = True
        self.store = Store(limits)
        self.lock = threading.Lock()            # around the store
        self._schemas = {known: schema(known) for known in (False, True)}

    def release(self) -> tuple[int, ...]:
        """Without a version in its answers it is a new one."""
        return tuple(map(int, self.version.split(".")[:2])) if self.version else (3, 1)

    def answer(self, request: Request, carried: Carried) -> Reply:
        try:
            return self._route(request, carried)
        except Refused as refused:
            return refusal(refused)

    def check_push(self, request: Request) -> str:
        """The tenant of a push whose headers are right."""
        tenant = self._tenant(request)
        check_headers(request)
        return tenant

    def take(self, request: Request, tenant: str, carried: Carried) -> None:
        """Decodes, validates and stores a push. Raises Refused; what was good in it is stored."""
        if len(request.body) > self.limits.max_body:
            raise too_large(len(request.body), self.limits.max_body)
        data = uncompress(request.body, self.limits.max_body)
        carried.uncompressed = len(data)
        sent = decode(self._schemas[self.release() >= (2, 9)], data)
        carried.streams, carried.lines = len(sent), sum(len(one.entries) for one in sent)
        streams = parse_streams(sent)
        now = self.clock()
        valid, errors = validate(self.limits, streams, now)
        with self.lock:
            self.store.refused += len_of(streams) - sum(len(one.entries) for one in valid)
            problem = None
            if valid:
                self.store.check_rate(tenant, valid, now)
                check_message(len(data), self.limits.max_message)
                problem = self.store.push(tenant, valid, now)
        # pkg/distributor/distributor.go: what an ingester says comes before what was invalid.
        if problem:
            raise problem
        if errors:
            raise Refused(400, grouped(errors))

    def _route(self, request: Request, carried: Carried) -> Reply:
        url = urllib.parse.urlsplit(request.target)
        if scheme := self._missing_authorization(request):
            return Reply(401, {**TEXT, "WWW-Authenticate": scheme}, b"Unauthorized\n")
        if url.path == PUSH:
            if request.method != "POST":
                return Reply(405, {})
            self.take(request, self.check_push(request), carried)
            return Reply(204, {})
        if request.method != "GET":
            raise Refused(404, "404 page not found")
        if url.path == "/ready":
            return Reply(200, TEXT, b"ready\n") if self.ready else Reply(
                503, TEXT, b"Ingester not ready: waiting for 15s after being ready\n")
        if url.path == "/loki/api/v1/status/buildinfo" and self.version:
            return document({"version": self.version, **BUILD})
        return self._query(url.path, dict(urllib.parse.parse_qsl(url.query)),
                           self._tenant(request))

    def _query(self, path: str, asked: dict[str, str], tenant: str) -> Reply:
        with self.lock:
            if path == "/loki/api/v1/query_range":
                return document(query_range(self.store, tenant, asked, self.clock(),
                                            self.release() >= (3, 0)))
            if path == "/loki/api/v1/labels":
                return document(label_names(self.store, tenant))
            if found := re.fullmatch(r"/loki/api/v1/label/(\w+)/values", path):
                return document(label_values(self.store, tenant, found[1]))
        raise Refused(404, "404 page not found")

    def _tenant(self, request: Request) -> str:
        if not self.auth_enabled:
            return "fake"
        if not request.headers.get("x-scope-orgid"):
            raise Refused(401, "no org id")  # dskit's middleware/http_auth.go
        return request.headers["x-scope-orgid"]

    def _missing_authorization(self, request: Request) -> str:
        """The scheme a proxy before Loki asks for and did not get."""
        given = request.headers.get("authorization", "")
        if self.token and not hmac.compare_digest(given, f"Bearer {self.token}"):
            return "Bearer"
        if self.basic:
            wanted = base64.b64encode(":".join(self.basic).encode()).decode()
            if not hmac.compare_digest(given, f"Basic {wanted}"):
                return 'Basic realm="loki"'
        return ""


def check_headers(request: Request) -> None:
    """pkg/loghttp/push/push.go, ParseLokiRequest. Laxer there: gzip and deflate are undone before
    snappy, JSON is taken, and any other type is read as protobuf."""
    encoding = request.headers.get("content-encoding", "")
    if encoding not in ("", "snappy"):
        raise Refused(400, f'Content-Encoding "{encoding}" not supported')
    kind = request.headers.get("content-type", "")
    if not kind:
        raise Refused(400, "mime: no media type")
    if kind.partition(";")[0].strip().lower() != "application/x-protobuf":
        raise Refused(400, f'Content-Type "{kind}" not supported')


def check_message(size: int, limit: int) -> None:
    """grpc-go's recv, whose words the distributor passes on with a 500."""
    if size > limit:
        raise Refused(500, "rpc error: code = ResourceExhausted desc = grpc: received message"
                           f" larger than max ({size} vs. {limit})")


def refusal(refused: Refused) -> Reply:
    return Reply(refused.status, TEXT, refused.text.encode() + b"\n")


def document(content: dict) -> Reply:
    return Reply(200, JSON, json.dumps(content, ensure_ascii=False).encode() + b"\n")


def len_of(streams: list) -> int:
    return sum(len(stream.entries) for _, stream in streams)
