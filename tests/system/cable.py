"""Cable: a network of two booted hosts and nobody else."""

import socket
import subprocess

from nspawn import BootedHost, in_network_of

# For tests of networks (RFC 2544), and for documents (RFC 3849).
ADDRESSES = (("198.18.0.1", "2001:db8::1"), ("198.18.0.2", "2001:db8::2"))
DEVICE = "cable"


class Cable:
    def __init__(self, *ends: BootedHost) -> None:
        self.ends = ends
        one, other = (str(end.leader) for end in ends)
        subprocess.run(["ip", "link", "add", DEVICE, "netns", one, "type", "veth",
                        "peer", "name", DEVICE, "netns", other], check=True)
        for end, (v4, v6) in zip(ends, ADDRESSES):
            end.run(f"ip address add {v4}/30 dev {DEVICE} && "
                    f"ip address add {v6}/64 dev {DEVICE} nodad && ip link set {DEVICE} up")

    def connect(self, start: BootedHost, port: int, v6: bool = False,
                timeout: float = 20) -> socket.socket:
        """From this host to the other."""
        address = ADDRESSES[1 - self.ends.index(start)][v6]
        return in_network_of(start.leader,
                             lambda: socket.create_connection((address, port), timeout))

    def cut(self) -> None:
        self.ends[0].run(f"ip link set {DEVICE} down")

    def mend(self) -> None:
        end, (_, v6) = self.ends[0], ADDRESSES[0]
        end.run(f"ip link set {DEVICE} up && "
                f"ip address replace {v6}/64 dev {DEVICE} nodad")  # the kernel forgot it
