// ListenAddress: where the server waits for connections, parsed from [web] listen.

#pragma once

#include "core/result.h"

#include <cstdint>
#include <string>
#include <string_view>

namespace paws::exporter {

enum class Family { any, ipv4, ipv6, unix_socket };

struct ListenAddress {
    Family family = Family::any;
    std::string host;  // an address without brackets; empty for any
    std::uint16_t port = 0;
    std::string path;  // of a unix socket

    bool operator==(const ListenAddress&) const = default;
};

// ":7297", "a.b.c.d:7297", "[v6]:7297" or "unix:/path"; no names, they would need a resolver.
Result<ListenAddress> parse_listen_address(std::string_view text);

// Whether the address can be had, so that a failure names its cause and the next step. Takes away a
// unix socket that a dead process left behind.
Result<void> check_listen_address(const ListenAddress& address);

// Whether others than this machine can reach it. Pure.
bool leaves_the_host(const ListenAddress& address);

// Lets the daemon's group connect to a unix socket that is there now, whatever the umask; nobody
// else but its user and root.
Result<void> admit_group(const ListenAddress& address);

// The same address as an entry of civetweb's listening_ports. A unix socket has no TLS.
enum class Speech { plain, tls };
std::string civetweb_port(const ListenAddress& address, Speech speech);

}  // namespace paws::exporter
