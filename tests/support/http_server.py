"""HttpServer: HTTP/1.1 over plain sockets, one thread a connection, that a test can make fail.

It reads requests strictly and leaves the writing to its handler, which may also answer nothing,
half of it, or something that is not HTTP. `TestAuthority` makes certificates for it.
"""

import contextlib
import dataclasses
import socket
import ssl
import struct
import subprocess
import threading
import time
from pathlib import Path
from typing import Callable

LIMIT = 1 << 20
TLS_HANDSHAKE = b"\x16"  # the type of the first record


@dataclasses.dataclass
class Request:
    method: str
    target: str
    headers: dict[str, str]  # names in small letters
    body: bytes
    head: bytes = b""  # as it came
    at: float = dataclasses.field(default_factory=time.monotonic)

    @property
    def length(self) -> int:
        return int(self.headers.get("content-length", "0"))


class Malformed(Exception):
    pass


class Connection:
    """One client. Everything may raise OSError when it is gone."""

    def __init__(self, stream: socket.socket, limit: int = LIMIT) -> None:
        self.stream = stream
        self._limit = limit
        self._buffer = bytearray()

    def read_head(self) -> Request | None:
        """The next request without its body; None when the client has closed between two."""
        while b"\r\n\r\n" not in self._buffer:
            if not self._more():
                if self._buffer:
                    raise Malformed("closed within a header")
                return None
        head, _, self._buffer = self._buffer.partition(b"\r\n\r\n")
        return parse_head(bytes(head))

    def read_body(self, request: Request, length: int | None = None) -> None:
        """All of it, or only as many bytes."""
        wanted = request.length if length is None else length
        while len(self._buffer) < wanted:
            if not self._more():
                raise Malformed("closed within a body")
        request.body = bytes(self._buffer[:wanted])
        del self._buffer[:wanted]

    def _more(self) -> bool:
        piece = self.stream.recv(65536)
        self._buffer += piece
        if len(self._buffer) > self._limit:
            raise Malformed("too large")
        return bool(piece)

    def has_gone(self) -> bool:
        """While an answer is due: then nobody sends, so what comes below TLS is its end."""
        try:
            piece = socket.socket.recv(self.stream, 1, socket.MSG_PEEK | socket.MSG_DONTWAIT)
        except BlockingIOError:
            return False
        except OSError:
            return True
        return not piece or isinstance(self.stream, ssl.SSLSocket)

    def send(self, data: bytes) -> None:
        self.stream.sendall(data)

    def answer(self, status: int, reason: str, headers: dict[str, str], body: bytes = b"") -> None:
        self.send(message(status, reason, headers, body))

    def close(self) -> None:
        with contextlib.suppress(OSError):
            self.stream.shutdown(socket.SHUT_RDWR)
        self.stream.close()

    def reset(self) -> None:
        """Ends it with RST instead of FIN."""
        with contextlib.suppress(OSError):
            self.stream.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        self.stream.close()


def parse_head(head: bytes) -> Request:
    first, *lines = head.decode("ascii").split("\r\n")
    words = first.split(" ")
    if len(words) != 3 or words[2] != "HTTP/1.1":
        raise Malformed(f"not a request line of HTTP/1.1: {first!r}")
    headers = {}
    for line in lines:
        name, colon, value = line.partition(":")
        if not colon or not name or name != name.strip() or name.lower() in headers:
            raise Malformed(f"not a header, or one that was there: {name!r}")
        headers[name.lower()] = value.strip()
    if "host" not in headers or "transfer-encoding" in headers:
        raise Malformed("no Host, or a body without its length")
    return Request(words[0], words[1], headers, b"", head)


def message(status: int, reason: str, headers: dict[str, str], body: bytes) -> bytes:
    lines = [f"HTTP/1.1 {status} {reason}"]
    lines += [f"{name}: {value}" for name, value in headers.items()]
    if status not in (204, 304):
        lines.append(f"Content-Length: {len(body)}")
    return "\r\n".join(lines).encode() + b"\r\n\r\n" + body


class HttpServer:
    """`handle` is called on the connection's own thread, for each request; True: keep it open.

    `listen` makes its listening socket for an address; in another network for instance. With
    `plain` a client that does not begin with TLS is served without. `opened`, `begun` and `closed`
    may be overridden: before anything is read, before a body is (True: go on), in the end.
    """

    limit = LIMIT  # bytes of one request

    def __init__(self, handle: Callable[[Connection, Request], bool],
                 tls: ssl.SSLContext | None = None, plain: bool = False,
                 listen: Callable[[tuple[str, int]], socket.socket] = socket.create_server,
                 address: tuple[str, int] = ("127.0.0.1", 0)) -> None:
        self._handle, self._tls, self._plain, self._listen = handle, tls, plain, listen
        self._listener = listen(address)
        self.address, self.port = self._listener.getsockname()[:2]
        self.malformed: list[str] = []  # what clients sent that is no HTTP
        self.accepted = 0
        self._lock = threading.Lock()
        self._open: dict[Connection, threading.Thread] = {}
        self._thread: threading.Thread | None = None

    def __enter__(self) -> "HttpServer":
        self._start()
        return self

    def __exit__(self, *_: object) -> None:
        self.stop_listening()
        self.drop()
        for thread in list(self._open.values()):
            thread.join(10)

    def _start(self) -> None:
        self._thread = threading.Thread(target=self._accept, args=[self._listener], daemon=True)
        self._thread.start()

    def stop_listening(self) -> None:
        """New connections are refused from now on."""
        if self._thread is None:
            return
        with contextlib.suppress(OSError):
            self._listener.shutdown(socket.SHUT_RDWR)
        self._thread.join(10)
        self._listener.close()
        self._thread = None

    def listen_again(self) -> None:
        if self._thread is None:
            self._listener = self._listen((self.address, self.port))
            self._start()

    def connections(self) -> list[Connection]:
        with self._lock:
            return list(self._open)

    def drop(self, reset: bool = False) -> None:
        """Ends all connections."""
        for connection in self.connections():
            (connection.reset if reset else connection.close)()

    def _accept(self, listener: socket.socket) -> None:
        while True:
            try:
                client = listener.accept()[0]
            except OSError:
                return  # it listens no more
            with self._lock:
                self.accepted += 1
                connection = Connection(client, self.limit)
                thread = threading.Thread(target=self._serve, args=[connection], daemon=True)
                self._open[connection] = thread
            thread.start()

    def opened(self, _connection: Connection) -> bool:
        return True

    def begun(self, _connection: Connection, _request: Request) -> bool:
        return True

    def closed(self, _connection: Connection) -> None:
        pass

    def _serve(self, connection: Connection) -> None:
        try:
            if not self.opened(connection):
                return
            first = connection.stream.recv(1, socket.MSG_PEEK) if self._plain else b""
            if self._tls and first in (b"", TLS_HANDSHAKE):
                connection.stream.settimeout(10)  # for the handshake only
                connection.stream = self._tls.wrap_socket(connection.stream, server_side=True)
                connection.stream.settimeout(None)
            while request := connection.read_head():
                if not self.begun(connection, request):
                    break
                connection.read_body(request)
                if not self._handle(connection, request):
                    break
        except (Malformed, ValueError) as problem:
            self.malformed.append(str(problem))
            with contextlib.suppress(OSError):
                connection.answer(400, "Bad Request", {"Connection": "close"})
        except OSError:
            pass  # it has gone, or was dropped
        finally:
            connection.close()
            self.closed(connection)
            with self._lock:
                self._open.pop(connection, None)


class TestAuthority:
    """A certificate authority of its own, made by the openssl command below `directory`."""

    __test__ = False  # pytest: no test

    def __init__(self, directory: Path, name: str = "authority") -> None:
        self.directory, self.name = directory, name
        directory.mkdir(parents=True, exist_ok=True)
        self.file = directory / f"{name}.pem"  # what a client has to trust
        self._key = directory / f"{name}.key"
        openssl("req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2", "-subj",
                f"/CN=paws test {name}", "-keyout", self._key, "-out", self.file)

    def server(self, *names: str, days: int = 1) -> ssl.SSLContext:
        """A server's side of TLS with a certificate for `names`: DNS names and IP addresses.
        With `days` below zero it has expired."""
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(*self.certificate(*names, days=days))
        return context

    def certificate(self, *names: str, days: int = 1) -> tuple[Path, Path]:
        """The files of a certificate, a server's or a client's, and of its key."""
        stem = self.directory / f"{self.name}-{names[0]}-{days}"
        key, request, certificate = (stem.with_name(stem.name + end)
                                     for end in (".key", ".csr", ".crt"))
        alternatives = ",".join(("IP:" if name.replace(".", "").isdigit() or ":" in name
                                 else "DNS:") + name for name in names)
        extensions = stem.with_name(stem.name + ".ext")
        extensions.write_text(f"subjectAltName={alternatives}\n")
        openssl("req", "-newkey", "rsa:2048", "-nodes", "-subj", f"/CN={names[0]}",
                "-keyout", key, "-out", request)
        openssl("x509", "-req", "-in", request, "-CA", self.file, "-CAkey", self._key,
                "-CAcreateserial", "-days", str(days), "-extfile", extensions, "-out", certificate)
        return certificate, key


def openssl(*arguments: object) -> bytes:
    done = subprocess.run(["openssl", *map(str, arguments)], capture_output=True, timeout=60)
    assert done.returncode == 0, done.stderr.decode(errors="replace")
    return done.stdout
