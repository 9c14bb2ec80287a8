"""Control: one request over the agent's control socket, as pawsctl makes it."""

import json
import socket
from pathlib import Path


def ask(path: Path, verb: str, timeout: float = 20, **arguments: object) -> dict:
    request = {"version": 1, "verb": verb, "arguments": arguments}
    return json.loads(exchange(path, json.dumps(request).encode() + b"\n", timeout))


def exchange(path: Path, request: bytes, timeout: float = 20) -> bytes:
    """Sends bytes as they are; all that comes back until the agent closes."""
    with socket.socket(socket.AF_UNIX) as client:
        client.settimeout(timeout)
        client.connect(str(path))
        client.sendall(request)
        answer = b""
        while part := client.recv(65536):
            answer += part
        return answer
