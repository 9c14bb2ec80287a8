"""Broker: GitHub's message broker in a booted host's network (fake_broker.py).

The address is one of TEST-NET-1 on the host's own loopback device: nothing leaves the host.
"""

import socket
import ssl

from fake_broker import FakeBroker
from fake_github import FakeGithub
from nspawn import BootedHost, in_network_of

ADDRESS = "192.0.2.1"
PORT = 443


class Broker(FakeBroker):
    def __init__(self, host: BootedHost, pace: float = 50, github: FakeGithub | None = None,
                 tls: ssl.SSLContext | None = None) -> None:
        host.run(["ip", "address", "replace", f"{ADDRESS}/32", "dev", "lo"])

        def listen(address: tuple[str, int]) -> socket.socket:
            return in_network_of(host.leader, lambda: socket.create_server(address))

        super().__init__(pace, github, tls, listen, (ADDRESS, PORT))
