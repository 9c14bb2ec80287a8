// Peer: who is at the other end of a unix socket, by the kernel's word at the time of connecting.

#pragma once

#include "core/result.h"

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace paws::platform {

struct Peer {
    int pid = 0;  // 0 when it lives in another pid namespace
    std::uint32_t uid = 0;
    std::uint32_t gid = 0;
    std::vector<std::uint32_t> groups;  // supplementary
};

// SO_PEERCRED and SO_PEERGROUPS of unix(7) and socket(7).
Result<Peer> peer_of(int socket);

// Asks the name service, which may block: for the start only.
std::optional<std::uint32_t> group_id(const std::string& name);
std::optional<std::uint32_t> user_id(const std::string& name);

}  // namespace paws::platform
