// What a socket is bound to and who is at its other end, for people.

#pragma once

#include <string>

namespace paws::exporter {

// "0.0.0.0:7297", "[::]:7297", "unix:/path"; empty when it cannot be asked.
std::string socket_name(int socket);
std::string peer_name(int socket);

}  // namespace paws::exporter
