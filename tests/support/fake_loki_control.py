"""fake_loki.py as a process: options, and a second port on which it is told and asked.

fake_loki.py --port-file FILE writes two lines there once it listens: its port, and that of the
control. It ends with its parent, and on SIGTERM or SIGINT. On the control port, JSON both ways:

    POST /fail {"kind": "status", "status": 503, "count": 2}   a Fault of fake_loki_faults.py
    POST /recover, /down, /up, /drop, /forget
    POST /set {"version": "2.8.4", "ready": false, "close_idle": 0.2, "max_streams": 3, ...}
    GET /counts, GET /held?first=0&count=1000 (one line of JSON for each that is stored)
"""

import argparse
import ctypes
import dataclasses
import json
import os
import signal
import ssl
import urllib.parse
from pathlib import Path

from fake_loki import FakeLoki
from fake_loki_faults import Fault
from fake_loki_limits import REAL_RATES, Limits
from http_server import Connection, HttpServer, Request

PR_SET_PDEATHSIG = 1
OF_API = ("version", "ready", "token", "basic", "auth_enabled")


class Control:
    def __init__(self, loki: FakeLoki, port: int = 0) -> None:
        self._loki = loki
        self.server = HttpServer(self._handle, address=("127.0.0.1", port))

    def _handle(self, connection: Connection, request: Request) -> bool:
        url = urllib.parse.urlsplit(request.target)
        try:
            body = self._do(request.method, url.path, request.body,
                            dict(urllib.parse.parse_qsl(url.query)))
        except (ValueError, TypeError) as problem:
            connection.answer(400, "Bad Request", {}, f"{problem}\n".encode())
            return True
        connection.answer(200, "OK", {"Content-Type": "application/json"}, body)
        return True

    def _do(self, method: str, path: str, body: bytes, query: dict[str, str]) -> bytes:
        asked = json.loads(body or b"{}")
        if (method, path) == ("GET", "/counts"):
            return json.dumps(counts_of(self._loki)).encode()
        if (method, path) == ("GET", "/held"):
            count = int(query["count"]) if "count" in query else None
            return b"".join(json.dumps(row._asdict()).encode() + b"\n"
                            for row in self._loki.held(int(query.get("first", "0")), count))
        if (method, path) == ("POST", "/fail"):
            self._loki.fail(Fault(**asked))
        elif (method, path) == ("POST", "/set"):
            for name, value in asked.items():
                set_one(self._loki, name, value)
        elif method == "POST" and path in ("/recover", "/down", "/up", "/drop", "/forget"):
            getattr(self._loki, path[1:])(**asked)
        else:
            raise ValueError(f"no such control: {method} {path}")
        return b"{}"


def set_one(loki: FakeLoki, name: str, value: object) -> None:
    if name == "close_idle":
        loki.close_idle(float(value))
    elif name in OF_API:
        setattr(loki.api, name, tuple(value) if isinstance(value, list) else value)
    elif name in {one.name for one in dataclasses.fields(Limits)}:
        setattr(loki.api.limits, name, value)
    else:
        raise ValueError(f"no such setting: {name!r}")


def counts_of(loki: FakeLoki) -> dict:
    counts = loki.counts
    return {"lines": loki.lines(), "pushes": counts.pushes, "by_status": dict(counts.by_status),
            "repeats": loki.repeats, "refused": loki.refused, "connections": loki.connections,
            "in_flight": counts.in_flight, "max_in_flight": counts.max_in_flight,
            "order_violations": loki.order_violations, "compressed": counts.compressed,
            "uncompressed": counts.uncompressed, "last_head": counts.last_head.decode("latin-1"),
            "malformed": loki.malformed, "problems": loki.problems}


def parse_arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="fake_loki.py", description="a Loki for tests")
    parser.add_argument("--port", type=int, default=0)
    parser.add_argument("--control-port", type=int, default=0)
    parser.add_argument("--port-file", type=Path, help="where both ports are written")
    parser.add_argument("--version", default="3.1.0", help="of Loki; empty: it does not say")
    parser.add_argument("--tls", nargs=2, metavar=("CERTIFICATE", "KEY"))
    parser.add_argument("--client-ca", help="by whom the certificate of a client has to be signed")
    parser.add_argument("--token", default="", help="that a proxy before it asks for")
    parser.add_argument("--basic", default="", metavar="USER:PASSWORD")
    parser.add_argument("--auth-enabled", action="store_true", help="X-Scope-OrgID is required")
    parser.add_argument("--decode-later", action="store_true", help="answer first")
    parser.add_argument("--real-rates", action="store_true", help="Loki's own limits of rates")
    parser.add_argument("--limit", action="append", default=[], metavar="NAME=VALUE",
                        help="a field of Limits, as JSON")
    return parser.parse_args()


def tls_of(options: argparse.Namespace) -> ssl.SSLContext | None:
    if not options.tls:
        return None
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(*options.tls)
    if options.client_ca:
        context.load_verify_locations(options.client_ca)
        context.verify_mode = ssl.CERT_REQUIRED
    return context


def end_with_parent() -> None:
    parent = os.getppid()
    ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal.SIGTERM)
    if os.getppid() != parent:  # it went before it was asked for
        os.kill(os.getpid(), signal.SIGTERM)


def main() -> int:
    options = parse_arguments()
    ends = {signal.SIGTERM, signal.SIGINT}
    signal.pthread_sigmask(signal.SIG_BLOCK, ends)  # in every thread: they are waited for below
    end_with_parent()
    limits = Limits(**(REAL_RATES if options.real_rates else {}))
    loki = FakeLoki(limits, options.version, tls_of(options), options.decode_later,
                    address=("127.0.0.1", options.port))
    loki.api.token, loki.api.auth_enabled = options.token, options.auth_enabled
    if options.basic:
        user, _, password = options.basic.partition(":")
        loki.api.basic = user, password
    for setting in options.limit:
        name, _, value = setting.partition("=")
        set_one(loki, name, json.loads(value))
    control = Control(loki, options.control_port)
    with loki, control.server:
        if options.port_file:
            written = options.port_file.with_name(options.port_file.name + ".new")
            written.write_text(f"{loki.port}\n{control.server.port}\n")
            written.rename(options.port_file)
        signal.sigwait(ends)
    return 0
