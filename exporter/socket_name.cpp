#include "exporter/socket_name.h"

#include <array>

#include <arpa/inet.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <sys/un.h>

namespace paws::exporter {

namespace {

union Name {
    sockaddr generic;
    sockaddr_in ipv4;
    sockaddr_in6 ipv6;
    sockaddr_un local;
};

using Ask = int (*)(int socket, sockaddr* name, socklen_t* length);

std::string text_of(int socket, Ask ask) {
    Name name{};
    socklen_t length = sizeof name;
    if (ask(socket, &name.generic, &length) != 0) {
        return {};
    }
    std::array<char, INET6_ADDRSTRLEN> text{};
    switch (name.generic.sa_family) {
        case AF_INET:
            ::inet_ntop(AF_INET, &name.ipv4.sin_addr, text.data(), text.size());
            return std::string{text.data()} + ":" + std::to_string(ntohs(name.ipv4.sin_port));
        case AF_INET6:
            ::inet_ntop(AF_INET6, &name.ipv6.sin6_addr, text.data(), text.size());
            return "[" + std::string{text.data()} +
                   "]:" + std::to_string(ntohs(name.ipv6.sin6_port));
        case AF_UNIX:
            return "unix:" + std::string{name.local.sun_path};
        default:
            return {};
    }
}

}  // namespace

std::string socket_name(int socket) {
    return text_of(socket, [](int fd, sockaddr* name, socklen_t* length) {
        return ::getsockname(fd, name, length);
    });
}

std::string peer_name(int socket) {
    return text_of(socket, [](int fd, sockaddr* name, socklen_t* length) {
        return ::getpeername(fd, name, length);
    });
}

}  // namespace paws::exporter
