// Unix socket: addresses of sockets that are files (unix(7)).

#pragma once

#include "core/result.h"

#include <cstddef>
#include <string>

#include <sys/socket.h>
#include <sys/un.h>

namespace paws::platform {

// Beside its terminating zero.
inline constexpr std::size_t longest_socket_path = sizeof(sockaddr_un::sun_path) - 1;

class UnixAddress {
public:
    // Errc::malformed when the path is empty or longer than an address has room for.
    static Result<UnixAddress> of(const std::string& path);

    // As connect(2) and bind(2): 0, or -1 and errno.
    int connect(int socket) const;
    int bind(int socket) const;

private:
    UnixAddress() = default;
    const sockaddr* generic() const;

    sockaddr_un address_{};
};

}  // namespace paws::platform
