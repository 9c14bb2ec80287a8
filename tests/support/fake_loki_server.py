"""The double of Loki on its sockets: what a request meets before, instead of and after its answer.
"""

import email.utils
import queue
import ssl
import threading
import time
import urllib.parse

from fake_loki_api import PUSH, Carried, LokiApi, Reply, refusal
from fake_loki_counts import Counts, Push
from fake_loki_faults import GARBAGE, REASONS, Fault, Faults
from fake_loki_wire import Refused, too_large
from http_server import Connection, HttpServer, Request, message

MAX_BODY = 64 << 20


class LokiServer(HttpServer):
    limit = MAX_BODY + (1 << 16)

    def __init__(self, api: LokiApi, faults: Faults, counts: Counts,
                 tls: ssl.SSLContext | None, address: tuple[str, int]) -> None:
        super().__init__(self._answer_one, tls, address=address)
        self._api, self._faults, self._counts = api, faults, counts
        self.idle_close = 0.0          # seconds
        self.decode_later = False
        self.problems: list[str] = []  # of what was decoded later
        self._ended = threading.Event()
        self._picked: dict[Connection, Fault | None] = {}
        self._later: queue.Queue[tuple[Request, str] | None] = queue.Queue()
        self._decoder = threading.Thread(target=self._decode, daemon=True)

    def __enter__(self) -> "LokiServer":
        self._decoder.start()
        super().__enter__()
        return self

    def __exit__(self, *_: object) -> None:
        self._ended.set()
        super().__exit__()
        self._later.put(None)
        self._decoder.join(60)

    def settle(self) -> None:
        """Until all that was read is decoded."""
        self._later.join()

    def opened(self, _connection: Connection) -> bool:
        return self._faults.pick("", hangup=True) is None

    def begun(self, connection: Connection, request: Request) -> bool:
        connection.stream.settimeout(None)
        if is_push(request):
            self._counts.enter(connection)
        fault = self._faults.pick(request.target)
        if fault and fault.kind in ("half_body", "hangup"):  # hangup: in a mix
            self._note(request, 0)
            if fault.kind == "half_body":
                connection.read_body(request, request.length // 2)
                connection.reset()
            return False
        if request.length > MAX_BODY:
            self._note(request, 413)
            self._send(connection, serialized(refusal(too_large(request.length, MAX_BODY)),
                                              self._api.clock()))
            return False
        self._picked[connection] = fault
        return True

    def closed(self, connection: Connection) -> None:
        self._counts.leave(connection)
        self._picked.pop(connection, None)

    def _answer_one(self, connection: Connection, request: Request) -> bool:
        go_on = self._meet(connection, request, self._picked.pop(connection, None) or Fault("none"))
        self._counts.leave(connection)
        if self.idle_close:
            connection.stream.settimeout(self.idle_close)
        return go_on and request.headers.get("connection", "").lower() != "close"

    def _meet(self, connection: Connection, request: Request, fault: Fault) -> bool:
        """True: the connection stays."""
        if fault.kind in ("status", "redirect"):
            self._note(request, fault.status or 307)
            self._send(connection, fault.answer())
            return True
        if fault.kind in ("garbage", "close", "silent"):
            self._note(request, 0)
            if fault.kind == "garbage":
                self._send(connection, GARBAGE)
            elif fault.kind == "silent":
                self._wait(connection, float("inf"), fault)
            return False
        return self._do(connection, request, fault)

    def _do(self, connection: Connection, request: Request, fault: Fault) -> bool:
        """What was asked, whatever becomes of the answer."""
        cut = fault.kind in ("store_cut", "store_cut_status")
        carried = Carried()
        reply = self._reply(request, carried)
        self._note(request, 0 if cut else reply.status, carried)
        data = serialized(reply, self._api.clock())
        if fault.kind == "store_cut_status":
            connection.send(data[:11])  # HTTP/1.1 20
        elif fault.kind == "drip":
            for byte in data[:-1]:
                connection.send(bytes([byte]))
                self._wait(connection, fault.delay, fault)
            self._send(connection, data[-1:])
        elif not cut:
            if fault.kind == "slow":
                self._wait(connection, fault.delay, fault)
            self._send(connection, data)
        return not cut

    def _send(self, connection: Connection, data: bytes) -> None:
        """The end of an answer; when it has come, the request is not in flight any more."""
        self._counts.leave(connection)
        connection.send(data)

    def _wait(self, connection: Connection, seconds: float, fault: Fault) -> None:
        """Not longer than the client waits, and no longer than the fault is set."""
        until = time.monotonic() + seconds
        while (left := until - time.monotonic()) > 0:
            if self._ended.wait(min(left, 0.02)) or connection.has_gone() \
                    or not self._faults.holds(fault):
                return

    def _reply(self, request: Request, carried: Carried) -> Reply:
        if not (self.decode_later and is_push(request)):
            return self._api.answer(request, carried)
        try:
            self._later.put((request, self._api.check_push(request)))
        except Refused as refused:
            return refusal(refused)
        return Reply(204, {})

    def _decode(self) -> None:
        while (taken := self._later.get()) is not None:
            carried = Carried()
            try:
                self._api.take(*taken, carried)
            except Refused as refused:
                self.problems.append(f"{refused.status}: {refused.text}")
            finally:
                self._counts.decoded(carried.uncompressed)
                self._later.task_done()

    def _note(self, request: Request, status: int, carried: Carried = Carried()) -> None:
        if is_push(request):
            self._counts.note(request.head, Push(time.monotonic(), status, len(request.body),
                                                 carried.uncompressed, carried.streams,
                                                 carried.lines))


def is_push(request: Request) -> bool:
    return urllib.parse.urlsplit(request.target).path == PUSH


def serialized(reply: Reply, now: float) -> bytes:
    headers = {"Date": email.utils.formatdate(now, usegmt=True), **reply.headers}
    return message(reply.status, REASONS[reply.status], headers, reply.body)
