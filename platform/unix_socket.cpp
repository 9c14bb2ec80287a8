#include "platform/unix_socket.h"

namespace paws::platform {

Result<UnixAddress> UnixAddress::of(const std::string& path) {
    if (path.empty() || path.size() > longest_socket_path) {
        return Error{Errc::malformed,
                     "'" + path + "': a socket's path has 1 to " +
                         std::to_string(longest_socket_path) + " bytes (unix(7))"};
    }
    UnixAddress made;
    made.address_.sun_family = AF_UNIX;
    path.copy(static_cast<char*>(made.address_.sun_path), path.size());
    return made;
}

int UnixAddress::connect(int socket) const {
    return ::connect(socket, generic(), sizeof address_);
}

int UnixAddress::bind(int socket) const {
    return ::bind(socket, generic(), sizeof address_);
}

const sockaddr* UnixAddress::generic() const {
    // NOLINTNEXTLINE(cppcoreguidelines-pro-type-reinterpret-cast): what the call asks for
    return reinterpret_cast<const sockaddr*>(&address_);
}

}  // namespace paws::platform
