#include "platform/peer.h"

#include "platform/root_fs.h"

#include <array>
#include <cerrno>

#include <grp.h>
#include <pwd.h>
#include <sys/socket.h>

namespace paws::platform {

namespace {

// NGROUPS_MAX of limits.h: nobody can be in more.
constexpr std::size_t most_groups = 65536;

Result<std::vector<std::uint32_t>> groups_of(int socket) {
    std::vector<std::uint32_t> groups(64);
    for (;;) {
        auto bytes = static_cast<socklen_t>(groups.size() * sizeof(gid_t));
        if (::getsockopt(socket, SOL_SOCKET, SO_PEERGROUPS, groups.data(), &bytes) == 0) {
            groups.resize(bytes / sizeof(gid_t));
            return groups;
        }
        const auto needed = bytes / sizeof(gid_t);
        if (errno != ERANGE || needed > most_groups || needed <= groups.size()) {
            return system_error(errno, "the groups of a peer");
        }
        groups.resize(needed);
    }
}

}  // namespace

Result<Peer> peer_of(int socket) {
    ucred credentials{};
    socklen_t bytes = sizeof credentials;
    if (::getsockopt(socket, SOL_SOCKET, SO_PEERCRED, &credentials, &bytes) != 0) {
        return system_error(errno, "the credentials of a peer");
    }
    auto groups = groups_of(socket);
    if (!groups) {
        return groups.error();
    }
    return Peer{.pid = credentials.pid,
                .uid = credentials.uid,
                .gid = credentials.gid,
                .groups = std::move(*groups)};
}

std::optional<std::uint32_t> group_id(const std::string& name) {
    std::array<char, 65536> text{};
    group entry{};
    group* found = nullptr;
    if (::getgrnam_r(name.c_str(), &entry, text.data(), text.size(), &found) != 0 ||
        found == nullptr) {
        return std::nullopt;
    }
    return entry.gr_gid;
}

std::optional<std::uint32_t> user_id(const std::string& name) {
    std::array<char, 65536> text{};
    passwd entry{};
    passwd* found = nullptr;
    if (::getpwnam_r(name.c_str(), &entry, text.data(), text.size(), &found) != 0 ||
        found == nullptr) {
        return std::nullopt;
    }
    return entry.pw_uid;
}

}  // namespace paws::platform
