"""FakeAgent: answers on a control socket of its own, as a test wants it. Strict about requests."""

import json
import socket
import tempfile
import threading
from pathlib import Path
from typing import Callable

LIMIT = 64 << 10
Answer = bytes | dict | None  # a dict is the result; None: close without a word


class FakeAgent:
    def __init__(self, answer: Callable[[str, dict], Answer], path: Path | None = None) -> None:
        """`answer` gets the verb and its arguments; `path` is where to listen, free before."""
        self._answer = answer
        self._directory = tempfile.TemporaryDirectory(prefix="paws-")
        self.path = path or Path(self._directory.name) / "control.sock"
        self.asked: list[tuple[str, dict]] = []
        self.faults: list[str] = []

    def __enter__(self) -> "FakeAgent":
        self._socket = socket.socket(socket.AF_UNIX)
        self._socket.bind(str(self.path))
        self._socket.listen()
        self._thread = threading.Thread(target=self._serve)
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._socket.shutdown(socket.SHUT_RDWR)
        self._thread.join(10)
        self._socket.close()
        self.path.unlink()
        self._directory.cleanup()
        assert not self.faults, self.faults

    def _serve(self) -> None:
        while True:
            try:
                connection, _ = self._socket.accept()
            except OSError:
                return  # shut down
            with connection:
                connection.settimeout(10)
                try:
                    self._converse(connection)
                except OSError:
                    pass  # the asker has gone

    def _converse(self, connection: socket.socket) -> None:
        request = b""
        while not request.endswith(b"\n") and len(request) <= LIMIT:
            part = connection.recv(4096)
            if not part:
                self.faults.append(f"no whole line: {request!r}")
                return
            request += part
        try:
            asked = json.loads(request)
            assert list(asked) == ["version", "verb", "arguments"] and asked["version"] == 1
            assert request.count(b"\n") == 1 and isinstance(asked["arguments"], dict)
        except (ValueError, AssertionError) as fault:
            self.faults.append(f"{request!r}: {fault}")
            return
        self.asked.append((asked["verb"], asked["arguments"]))
        answer = self._answer(asked["verb"], asked["arguments"])
        if answer is not None:
            connection.sendall(result(answer) if isinstance(answer, dict) else answer)


def result(document: dict) -> bytes:
    return line({"version": 1, "ok": True, "result": document})


def refusal(code: str, message: str) -> bytes:
    return line({"version": 1, "ok": False, "code": code, "message": message})


def line(document: dict) -> bytes:
    return json.dumps(document, ensure_ascii=False, separators=(",", ":")).encode() + b"\n"
