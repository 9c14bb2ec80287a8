#include "exporter/listen_address.h"

#include "core/text.h"

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstring>
#include <system_error>

#include <arpa/inet.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

namespace paws::exporter {

namespace {

constexpr std::string_view unix_prefix = "unix:";
constexpr std::size_t longest_path = sizeof(sockaddr_un::sun_path) - 2;  // civetweb adds an x

Error not_an_address(std::string_view text, std::string_view why) {
    return {Errc::malformed,
            "[web] listen: '" + printable(text) + "' " + std::string{why} +
                R"(; write ":7297", "127.0.0.1:7297", "[::1]:7297" or "unix:/path")"};
}

Result<ListenAddress> parse_unix(std::string_view text) {
    const auto path = text.substr(unix_prefix.size());
    if (!path.starts_with('/') || path.size() > longest_path) {
        return not_an_address(text, "needs an absolute path of at most 106 bytes");
    }
    if (path.find_first_of(",\n") != std::string_view::npos) {
        return not_an_address(text, "may not have a comma in its path");
    }
    return ListenAddress{.family = Family::unix_socket, .path = std::string{path}};
}

// Closes itself. The room has no other descriptors of its own.
class Socket {
public:
    Socket(int family, int type) : fd_{::socket(family, type | SOCK_CLOEXEC, 0)} {}
    Socket(const Socket&) = delete;
    Socket& operator=(const Socket&) = delete;
    ~Socket() {
        if (fd_ >= 0) {
            ::close(fd_);
        }
    }
    int fd() const { return fd_; }

private:
    int fd_;
};

union AnyAddress {
    sockaddr generic;
    sockaddr_in ipv4;
    sockaddr_in6 ipv6;
    sockaddr_un local;
};

socklen_t fill(AnyAddress& into, const ListenAddress& address, bool as_ipv6) {
    std::memset(&into, 0, sizeof into);
    if (address.family == Family::unix_socket) {
        into.local.sun_family = AF_UNIX;
        address.path.copy(into.local.sun_path, sizeof into.local.sun_path - 1);
        return sizeof into.local;
    }
    if (as_ipv6) {
        into.ipv6.sin6_family = AF_INET6;
        into.ipv6.sin6_port = htons(address.port);
        ::inet_pton(AF_INET6, address.host.c_str(), &into.ipv6.sin6_addr);
        return sizeof into.ipv6;
    }
    into.ipv4.sin_family = AF_INET;
    into.ipv4.sin_port = htons(address.port);
    ::inet_pton(AF_INET, address.host.c_str(), &into.ipv4.sin_addr);
    return sizeof into.ipv4;
}

bool kernel_has_ipv6() {
    return Socket{AF_INET6, SOCK_STREAM}.fd() >= 0;
}

std::string shown(const ListenAddress& address) {
    const auto port = std::to_string(address.port);
    switch (address.family) {
        case Family::any:
            return ":" + port;
        case Family::ipv4:
            return address.host + ":" + port;
        case Family::ipv6:
            return "[" + address.host + "]:" + port;
        case Family::unix_socket:
            return "unix:" + address.path;
    }
    return {};
}

Error cannot_listen(const ListenAddress& address, int error_number) {
    const auto what = "cannot listen on " + shown(address) + ": ";
    const auto port = std::to_string(address.port);
    switch (error_number) {
        case EADDRINUSE:
            return {Errc::unavailable,
                    what + "port " + port + " is taken; `ss -ltnp 'sport = :" + port +
                        "'` shows by whom, [web] listen chooses another"};
        case EADDRNOTAVAIL:
            return {Errc::absent, what + "this host has no such address; see `ip -brief address`"};
        case EACCES:
            return {Errc::denied,
                    what + "permission denied; choose a port above 1023 in [web] listen"};
        case EAFNOSUPPORT:
            return {Errc::unavailable, what + "this kernel has no IPv6"};
        default:
            return {Errc::io, what + std::generic_category().message(error_number)};
    }
}

// Linux binds over a socket that is merely closing (SO_REUSEADDR), never over one that listens.
Result<void> check_port(const ListenAddress& address) {
    const bool as_ipv6 =
        address.family == Family::ipv6 || (address.family == Family::any && kernel_has_ipv6());
    const Socket socket{as_ipv6 ? AF_INET6 : AF_INET, SOCK_STREAM};
    AnyAddress target{};
    const auto length = fill(target, address, as_ipv6);
    const int on = 1;
    const int v6_only = address.family == Family::ipv6 ? 1 : 0;
    const bool prepared =
        socket.fd() >= 0 &&
        ::setsockopt(socket.fd(), SOL_SOCKET, SO_REUSEADDR, &on, sizeof on) == 0 &&
        (!as_ipv6 ||
         ::setsockopt(socket.fd(), IPPROTO_IPV6, IPV6_V6ONLY, &v6_only, sizeof v6_only) == 0);
    if (!prepared || ::bind(socket.fd(), &target.generic, length) != 0) {
        return cannot_listen(address, errno);
    }
    return {};
}

Result<void> check_directory(const ListenAddress& address) {
    const auto slash = address.path.rfind('/');
    const auto directory = slash == 0 ? "/" : address.path.substr(0, slash);
    if (::access(directory.c_str(), W_OK | X_OK) != 0) {
        return Error{Errc::unavailable,
                     "cannot listen on unix:" + address.path + ": " + directory + ": " +
                         std::generic_category().message(errno) +
                         "; the daemon's user must be able to write there, as in /run/paws-agent"};
    }
    return {};
}

Result<void> check_path(const ListenAddress& address) {
    struct stat found {};
    if (::lstat(address.path.c_str(), &found) != 0) {
        return check_directory(address);
    }
    if (!S_ISSOCK(found.st_mode)) {
        return Error{
            Errc::unavailable,
            "cannot listen on unix:" + address.path + ": a file that is no socket is in the way"};
    }
    const Socket socket{AF_UNIX, SOCK_STREAM};
    AnyAddress target{};
    const auto length = fill(target, address, false);
    if (::connect(socket.fd(), &target.generic, length) == 0) {
        return Error{Errc::unavailable,
                     "cannot listen on unix:" + address.path +
                         ": another process answers there; `ss -lxp` shows which"};
    }
    if (::unlink(address.path.c_str()) != 0) {
        return Error{Errc::denied,
                     "cannot listen on unix:" + address.path + ": an old socket is in the way: " +
                         std::generic_category().message(errno)};
    }
    return {};
}

}  // namespace

Result<ListenAddress> parse_listen_address(std::string_view text) {
    if (text.starts_with(unix_prefix)) {
        return parse_unix(text);
    }
    const auto colon = text.rfind(':');
    if (colon == std::string_view::npos) {
        return not_an_address(text, "has no port");
    }
    const auto port = parse_integer<std::uint16_t>(text.substr(colon + 1));
    if (!port) {
        return not_an_address(text, "has no port between 0 and 65535");
    }
    auto host = text.substr(0, colon);
    ListenAddress address{.port = *port};
    std::array<unsigned char, sizeof(in6_addr)> bytes{};
    if (host.empty()) {
        return address;
    }
    if (host.starts_with('[') && host.ends_with(']')) {
        host = host.substr(1, host.size() - 2);
        address.family = Family::ipv6;
    } else {
        address.family = Family::ipv4;
    }
    address.host = host;
    const int family = address.family == Family::ipv6 ? AF_INET6 : AF_INET;
    if (::inet_pton(family, address.host.c_str(), bytes.data()) != 1) {
        return not_an_address(text, "has no numeric address");
    }
    return address;
}

Result<void> check_listen_address(const ListenAddress& address) {
    return address.family == Family::unix_socket ? check_path(address) : check_port(address);
}

bool leaves_the_host(const ListenAddress& address) {
    switch (address.family) {
        case Family::any:
            return true;
        case Family::ipv4:
            return !address.host.starts_with("127.");
        case Family::ipv6:
            return address.host != "::1";
        case Family::unix_socket:
            return false;
    }
    return true;
}

Result<void> admit_group(const ListenAddress& address) {
    static constexpr mode_t owner_and_group = 0660;  // who may write may connect, unix(7)
    if (address.family == Family::unix_socket &&
        ::chmod(address.path.c_str(), owner_and_group) != 0) {
        return Error{Errc::io,
                     "cannot listen on unix:" + address.path +
                         ": its mode cannot be set: " + std::generic_category().message(errno)};
    }
    return {};
}

std::string civetweb_port(const ListenAddress& address, Speech speech) {
    const auto port = std::to_string(address.port) + (speech == Speech::tls ? "s" : "");
    switch (address.family) {
        case Family::any:
            return kernel_has_ipv6() ? "+" + port : port;
        case Family::ipv4:
            return address.host + ":" + port;
        case Family::ipv6:
            return "[" + address.host + "]:" + port;
        case Family::unix_socket:
            return "x" + address.path;
    }
    return {};
}

}  // namespace paws::exporter
