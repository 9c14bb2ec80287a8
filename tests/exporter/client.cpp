#include "tests/exporter/client.h"

#include "core/text.h"

#include <array>
#include <cstring>
#include <stdexcept>
#include <utility>

#include <arpa/inet.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <sys/un.h>
#include <unistd.h>

namespace paws::exporter::testing {

namespace {

union Target {
    sockaddr generic;
    sockaddr_in ipv4;
    sockaddr_in6 ipv6;
    sockaddr_un local;
};

int connect_to(const Target& target, socklen_t length) {
    const int socket = ::socket(target.generic.sa_family, SOCK_STREAM | SOCK_CLOEXEC, 0);
    const timeval limit{.tv_sec = 20};
    ::setsockopt(socket, SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof limit);
    if (::connect(socket, &target.generic, length) != 0) {
        ::close(socket);
        throw std::runtime_error{std::string{"connect: "} + std::strerror(errno)};
    }
    return socket;
}

int connect_to(const std::string& address) {
    Target target{};
    if (address.starts_with("unix:")) {
        target.local.sun_family = AF_UNIX;
        address.copy(target.local.sun_path, sizeof target.local.sun_path - 1, 5);
        return connect_to(target, sizeof target.local);
    }
    const auto colon = address.rfind(':');
    const auto port = htons(parse_integer<std::uint16_t>(address.substr(colon + 1)).value());
    if (address.starts_with('[')) {
        target.ipv6.sin6_family = AF_INET6;
        target.ipv6.sin6_port = port;
        ::inet_pton(AF_INET6, address.substr(1, colon - 2).c_str(), &target.ipv6.sin6_addr);
        return connect_to(target, sizeof target.ipv6);
    }
    target.ipv4.sin_family = AF_INET;
    target.ipv4.sin_port = port;
    ::inet_pton(AF_INET, address.substr(0, colon).c_str(), &target.ipv4.sin_addr);
    return connect_to(target, sizeof target.ipv4);
}

std::size_t content_length(std::string_view head) {
    constexpr std::string_view name = "\r\nContent-Length: ";
    const auto at = head.find(name);
    auto rest = at == std::string_view::npos ? "" : head.substr(at + name.size());
    return parse_integer<std::size_t>(take_until(rest, '\r')).value_or(0);
}

}  // namespace

Client::Client(const std::string& address) : socket_{connect_to(address)} {}

Client::Client(Client&& other) noexcept
    : socket_{std::exchange(other.socket_, -1)}, buffer_{std::move(other.buffer_)} {}

Client& Client::operator=(Client&& other) noexcept {
    std::swap(socket_, other.socket_);
    std::swap(buffer_, other.buffer_);
    return *this;
}

Client::~Client() {
    if (socket_ >= 0) {
        ::close(socket_);
    }
}

void Client::send(std::string_view bytes) const {
    while (!bytes.empty()) {
        const auto sent = ::send(socket_, bytes.data(), bytes.size(), MSG_NOSIGNAL);
        if (sent <= 0) {
            return;  // hung up: receive() shows what came before
        }
        bytes.remove_prefix(static_cast<std::size_t>(sent));
    }
}

bool Client::more() {
    std::array<char, 65536> chunk{};
    const auto got = ::recv(socket_, chunk.data(), chunk.size(), 0);
    if (got <= 0) {
        return false;
    }
    buffer_.append(chunk.data(), static_cast<std::size_t>(got));
    return true;
}

std::string Client::receive(bool head) {
    std::size_t end = std::string::npos;
    while ((end = buffer_.find("\r\n\r\n")) == std::string::npos && more()) {
    }
    if (end == std::string::npos) {
        return std::exchange(buffer_, {});
    }
    const auto whole = end + 4 + (head ? 0 : content_length(buffer_.substr(0, end + 2)));
    while (buffer_.size() < whole && more()) {
    }
    auto answer = buffer_.substr(0, whole);
    buffer_.erase(0, whole);
    return answer;
}

bool Client::closed() const {
    char byte = 0;
    return ::recv(socket_, &byte, 1, 0) <= 0 && errno != EAGAIN;
}

std::string fetch(const std::string& address, const std::string& path, const std::string& headers) {
    Client client{address};
    client.send("GET " + path + " HTTP/1.1\r\nHost: localhost\r\n" + headers + "\r\n");
    return client.receive();
}

int status_of(std::string_view answer) {
    constexpr std::string_view protocol = "HTTP/1.1 ";
    return answer.starts_with(protocol)
               ? parse_integer<int>(answer.substr(protocol.size(), 3)).value_or(0)
               : 0;
}

std::string_view body_of(std::string_view answer) {
    const auto end = answer.find("\r\n\r\n");
    return end == std::string_view::npos ? "" : answer.substr(end + 4);
}

}  // namespace paws::exporter::testing
