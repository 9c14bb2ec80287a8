"""Ports: one of 127.0.0.1 for a program that is told its port, and may be stopped and started."""

import contextlib
import itertools
import random
import socket
from pathlib import Path

FIRST = 10000
_kept: list[socket.socket] = []


def free_port() -> int:
    """Nobody's, and no other test's while this process runs.

    Below those the kernel gives away (ip_local_port_range), or any connection of another test
    could have it while the program is down.
    """
    beyond = int(Path("/proc/sys/net/ipv4/ip_local_port_range").read_text().split()[0])
    assert beyond > FIRST + 1000, f"the kernel gives away the ports from {beyond} on"
    for port in itertools.islice(iter(lambda: random.randrange(FIRST, beyond), None), 200):
        mark = socket.socket(socket.AF_UNIX)  # its name is free again when this process ends
        with contextlib.suppress(OSError), socket.socket() as probe:
            mark.bind(f"\0paws-test-port-{port}")
            probe.bind(("127.0.0.1", port))
            _kept.append(mark)
            return port
        mark.close()
    raise AssertionError(f"no port of 127.0.0.1 is free between {FIRST} and {beyond}")
