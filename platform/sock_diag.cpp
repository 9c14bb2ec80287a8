#include "platform/sock_diag.h"

#include "platform/root_fs.h"
#include "platform/unique_fd.h"

#include <array>
#include <cerrno>
#include <cstring>

#include <arpa/inet.h>
#include <linux/inet_diag.h>
#include <linux/netlink.h>
#include <linux/sock_diag.h>
#include <linux/tcp.h>
#include <sys/socket.h>
#include <sys/time.h>

namespace paws::platform {

namespace {

constexpr std::uint32_t established = 1U << 1U;  // TCP_ESTABLISHED of include/net/tcp_states.h
constexpr auto subject = "sock_diag";

template <class T>
std::optional<T> take(std::span<const std::byte> bytes, std::size_t at = 0) {
    T value{};
    if (bytes.size() < at + sizeof value) {
        return std::nullopt;
    }
    std::memcpy(&value, bytes.data() + at, sizeof value);
    return value;
}

template <class T>
void put(std::vector<std::byte>& bytes, const T& value) {
    const auto at = bytes.size();
    bytes.resize(at + sizeof value);
    std::memcpy(bytes.data() + at, &value, sizeof value);
}

std::size_t aligned(std::size_t length) {
    return (length + 3) & ~std::size_t{3};
}

// The kernel's filter: "in this cgroup, or in the next". A condition that holds falls through to a
// jump to the end, which accepts; one that fails goes to the next, and the last beyond the end.
std::vector<std::byte> filter(std::span<const std::uint64_t> cgroups) {
    constexpr unsigned char condition = sizeof(inet_diag_bc_op) + sizeof(std::uint64_t);
    constexpr std::size_t jump = sizeof(inet_diag_bc_op);
    std::vector<std::byte> code;
    for (std::size_t at = 0; at < cgroups.size(); ++at) {
        const bool last = at + 1 == cgroups.size();
        const auto left = (cgroups.size() - at - 1) * (condition + jump) - (last ? 0 : jump);
        put(code,
            inet_diag_bc_op{.code = INET_DIAG_BC_CGROUP_COND,
                            .yes = condition,
                            .no = static_cast<std::uint16_t>(condition + jump)});
        put(code, cgroups[at]);
        if (!last) {
            put(code,
                inet_diag_bc_op{.code = INET_DIAG_BC_JMP,
                                .yes = jump,
                                .no = static_cast<std::uint16_t>(jump + left)});
        }
    }
    return code;
}

// The older request: the only one that takes both families in one walk of the kernel's table.
std::vector<std::byte> request(std::span<const std::uint64_t> cgroups) {
    const auto code = filter(cgroups);
    const auto length = static_cast<std::uint16_t>(sizeof(nlattr) + code.size());
    inet_diag_req wanted{};
    wanted.idiag_family = AF_UNSPEC;
    wanted.idiag_ext = 1U << (INET_DIAG_INFO - 1U);
    wanted.idiag_states = established;
    nlmsghdr header{};
    header.nlmsg_len = static_cast<std::uint32_t>(sizeof header + sizeof wanted + length);
    header.nlmsg_type = TCPDIAG_GETSOCK;
    header.nlmsg_flags = NLM_F_REQUEST | NLM_F_DUMP;
    std::vector<std::byte> bytes;
    put(bytes, header);
    put(bytes, wanted);
    put(bytes, nlattr{.nla_len = length, .nla_type = INET_DIAG_REQ_BYTECODE});
    bytes.insert(bytes.end(), code.begin(), code.end());
    return bytes;
}

void set_remote(const inet_diag_msg& message, TcpConnection& connection) {
    const auto& address = message.id.idiag_dst;
    in6_addr six{};
    std::memcpy(&six, &address, sizeof six);
    const bool mapped = message.idiag_family == AF_INET6 && IN6_IS_ADDR_V4MAPPED(&six);
    std::array<char, INET6_ADDRSTRLEN> text{};
    if (message.idiag_family == AF_INET || mapped) {
        const auto four = address[mapped ? 3 : 0];
        ::inet_ntop(AF_INET, &four, text.data(), text.size());
        connection.loopback = (ntohl(four) >> 24U) == 127;
    } else {
        ::inet_ntop(AF_INET6, &six, text.data(), text.size());
        connection.loopback = IN6_IS_ADDR_LOOPBACK(&six);
    }
    connection.remote = text.data();
    connection.remote_port = ntohs(message.id.idiag_dport);
}

// The kernel's age of the last data is that of the connection until some comes (tcp_finish_connect
// sets lrcvtime): a peer that says nothing would look like one that has just spoken.
std::optional<double> last_received_seconds(std::span<const std::byte> info) {
    const auto bytes = take<std::uint64_t>(info, offsetof(tcp_info, tcpi_bytes_received));
    const auto age = take<std::uint32_t>(info, offsetof(tcp_info, tcpi_last_data_recv));
    if (bytes.value_or(0) == 0 || !age) {
        return std::nullopt;
    }
    return static_cast<double>(*age) / 1000;
}

// The kernel appends to tcp_info with time: an older one gives a shorter struct.
void set_attribute(std::uint16_t type, std::span<const std::byte> value, TcpConnection& to) {
    if (type == INET_DIAG_CGROUP_ID) {
        to.cgroup = take<std::uint64_t>(value).value_or(0);
    } else if (type == INET_DIAG_INFO) {
        to.last_received_seconds = last_received_seconds(value);
    }
}

struct Answer {
    std::vector<TcpConnection> connections;
    bool done = false;
};

Result<void> read_error(std::span<const std::byte> payload) {
    const auto code = take<std::int32_t>(payload).value_or(-EIO);
    if (code == 0) {
        return {};
    }
    if (code == -EINVAL || code == -ENOENT) {
        return Error{Errc::absent, "sock_diag: this kernel cannot pick sockets by cgroup (< 5.9)"};
    }
    return system_error(-code, subject);
}

Result<void> read_datagram(std::span<const std::byte> datagram, Answer& answer) {
    while (!answer.done) {
        const auto header = take<nlmsghdr>(datagram);
        if (!header || header->nlmsg_len < sizeof(nlmsghdr) ||
            header->nlmsg_len > datagram.size()) {
            return {};
        }
        const auto payload =
            datagram.subspan(sizeof(nlmsghdr), header->nlmsg_len - sizeof(nlmsghdr));
        if (header->nlmsg_type == NLMSG_ERROR || header->nlmsg_type == NLMSG_DONE) {
            answer.done = true;
            return read_error(payload);
        }
        auto connection = parse_tcp_message(payload);
        if (!connection) {
            return connection.error();
        }
        answer.connections.push_back(*std::move(connection));
        datagram = datagram.subspan(std::min(aligned(header->nlmsg_len), datagram.size()));
    }
    return {};
}

Result<std::vector<TcpConnection>> receive(int fd) {
    Answer answer;
    std::vector<std::byte> buffer(std::size_t{64} << 10U);
    while (!answer.done) {
        const auto got = ::recv(fd, buffer.data(), buffer.size(), 0);
        if (got < 0 && errno == EINTR) {
            continue;
        }
        if (got <= 0) {
            return errno == EAGAIN ? Error{Errc::timeout, "sock_diag: no answer in a second"}
                                   : system_error(errno, subject);
        }
        const auto read =
            read_datagram(std::span{buffer}.first(static_cast<std::size_t>(got)), answer);
        if (!read) {
            return read.error();
        }
    }
    return std::move(answer.connections);
}

}  // namespace

Result<TcpConnection> parse_tcp_message(std::span<const std::byte> message) {
    const auto fixed = take<inet_diag_msg>(message);
    if (!fixed || (fixed->idiag_family != AF_INET && fixed->idiag_family != AF_INET6)) {
        return Error{Errc::malformed, "sock_diag: not a message about a TCP socket"};
    }
    TcpConnection connection;
    set_remote(*fixed, connection);
    auto rest = message.subspan(sizeof(inet_diag_msg));
    for (auto header = take<nlattr>(rest); header; header = take<nlattr>(rest)) {
        if (header->nla_len < sizeof(nlattr) || header->nla_len > rest.size()) {
            return Error{Errc::malformed, "sock_diag: an attribute is longer than its message"};
        }
        set_attribute(header->nla_type,
                      rest.subspan(sizeof(nlattr), header->nla_len - sizeof(nlattr)),
                      connection);
        rest = rest.subspan(std::min(aligned(header->nla_len), rest.size()));
    }
    return connection;
}

Result<std::vector<TcpConnection>> established_tcp(std::span<const std::uint64_t> cgroups) {
    // Jumps of the filter are 16 bits wide: 4,000 conditions of 16 bytes fit.
    if (cgroups.empty() || cgroups.size() > 4000) {
        return cgroups.empty() ? Result<std::vector<TcpConnection>>{std::vector<TcpConnection>{}}
                               : Error{Errc::malformed, "sock_diag: more than 4000 cgroups"};
    }
    const UniqueFd socket{::socket(AF_NETLINK, SOCK_DGRAM | SOCK_CLOEXEC, NETLINK_SOCK_DIAG)};
    const timeval patience{.tv_sec = 1, .tv_usec = 0};
    if (!socket ||
        ::setsockopt(socket.get(), SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof patience) != 0) {
        return system_error(errno, subject);
    }
    const auto bytes = request(cgroups);
    sockaddr_nl kernel{};
    kernel.nl_family = AF_NETLINK;
    // NOLINTNEXTLINE(cppcoreguidelines-pro-type-reinterpret-cast): sendto(2) takes any family so
    const auto* to = reinterpret_cast<const sockaddr*>(&kernel);
    if (::sendto(socket.get(), bytes.data(), bytes.size(), 0, to, sizeof kernel) < 0) {
        return system_error(errno, subject);
    }
    return receive(socket.get());
}

}  // namespace paws::platform
