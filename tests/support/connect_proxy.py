"""ConnectProxy: an HTTP proxy as companies have them: CONNECT and nothing else, by name."""

import socket
import threading

from http_server import Connection, HttpServer, Request


class ConnectProxy:
    """Every name leads to 127.0.0.1: what is asked for stays on this machine."""

    def __init__(self, refuse: int = 0) -> None:
        self.refuse = refuse  # a status to answer instead
        self.asked: list[str] = []  # HOST:PORT
        self._server = HttpServer(self._handle)
        self.endpoint = f"127.0.0.1:{self._server.port}"

    def __enter__(self) -> "ConnectProxy":
        self._server.__enter__()
        return self

    def __exit__(self, *_: object) -> None:
        self._server.__exit__()

    def _handle(self, connection: Connection, request: Request) -> bool:
        if request.method != "CONNECT":
            connection.answer(405, "Method Not Allowed", {"Connection": "close"})
            return False
        self.asked.append(request.target)
        if self.refuse:
            connection.answer(self.refuse, "Refused", {"Connection": "close"})
            return False
        with socket.create_connection(("127.0.0.1", int(request.target.rpartition(":")[2])), 5) as to:
            connection.send(b"HTTP/1.1 200 Connection established\r\n\r\n")
            back = threading.Thread(target=pump, args=[to, connection.stream], daemon=True)
            back.start()
            pump(connection.stream, to)
            back.join(10)
        return False


def pump(source: socket.socket, target: socket.socket) -> None:
    try:
        while piece := source.recv(65536):
            target.sendall(piece)
        target.shutdown(socket.SHUT_WR)
    except OSError:
        pass  # one of the two has gone
