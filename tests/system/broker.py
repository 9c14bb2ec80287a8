"""Broker: GitHub's message broker as far as its sockets show it, in a booted host.

Listeners hold a connection to it and get an answer every `pace` seconds, as an idle long poll does.
The address is one of TEST-NET-1 on the host's own loopback device: nothing leaves the host.
"""

import selectors
import socket
import threading
import time

from nspawn import BootedHost, in_network_of

ADDRESS = "192.0.2.1"
PORT = 443
EMPTY_POLL = b"HTTP/1.1 202 Accepted\r\ncontent-length: 0\r\n\r\n"


class Broker:
    def __init__(self, host: BootedHost, pace: float = 50) -> None:
        self.endpoint = f"{ADDRESS}:{PORT}"
        self._host, self._pace = host, pace
        self._connections: list[socket.socket] = []
        self._end, self._ended = socket.socketpair()

    def __enter__(self) -> "Broker":
        self._host.run(["ip", "address", "replace", f"{ADDRESS}/32", "dev", "lo"])
        self._server = in_network_of(self._host.leader,
                                     lambda: socket.create_server((ADDRESS, PORT)))
        self._thread = threading.Thread(target=self._serve)
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._end.close()
        self._thread.join()
        for one in [*self._connections, self._server, self._ended]:
            one.close()

    def _serve(self) -> None:
        with selectors.DefaultSelector() as selector:
            selector.register(self._server, selectors.EVENT_READ)
            selector.register(self._ended, selectors.EVENT_READ)
            due = time.monotonic() + self._pace
            while True:
                ready = {key.fileobj for key, _ in selector.select(max(0, due - time.monotonic()))}
                if self._ended in ready:
                    return
                if self._server in ready:
                    self._connections.append(self._server.accept()[0])
                if time.monotonic() >= due:
                    due += self._pace
                    self._answer()

    def _answer(self) -> None:
        for connection in list(self._connections):
            try:
                connection.sendall(EMPTY_POLL)
            except OSError:
                self._connections.remove(connection)
                connection.close()
