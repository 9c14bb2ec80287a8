// sock_diag: the established TCP connections of some cgroups, as the kernel knows them
// (sock_diag(7), linux/inet_diag.h). Needs no rights. The kernel picks the sockets (since
// Linux 5.9), so an answer is as long as the cgroups' own connections are many.

#pragma once

#include "core/result.h"

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <vector>

namespace paws::platform {

struct TcpConnection {
    std::string remote;  // numeric; an IPv4 address as such also when the socket is an IPv6 one
    std::uint16_t remote_port = 0;
    bool loopback = false;
    std::uint64_t cgroup = 0;
    std::optional<double> last_received_seconds;  // age of the last data; absent: none received yet
};

// One dump for all of `cgroups`. Errc::absent where the kernel cannot tell a socket's cgroup.
// Waits at most a second for the kernel.
Result<std::vector<TcpConnection>> established_tcp(std::span<const std::uint64_t> cgroups);

// One message of the answer (struct inet_diag_msg and its attributes).
Result<TcpConnection> parse_tcp_message(std::span<const std::byte> message);

}  // namespace paws::platform
