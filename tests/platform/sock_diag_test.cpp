#include "platform/sock_diag.h"

#include "platform/unique_fd.h"

#include <algorithm>
#include <array>
#include <cstring>
#include <fstream>
#include <span>
#include <string>
#include <vector>

#include <arpa/inet.h>
#include <doctest/doctest.h>
#include <linux/inet_diag.h>
#include <linux/netlink.h>
#include <linux/tcp.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

using namespace paws;
using platform::established_tcp;
using platform::parse_tcp_message;

namespace {

std::vector<std::byte> message(unsigned char family, std::array<unsigned char, 16> address) {
    inet_diag_msg fixed{};
    fixed.idiag_family = family;
    fixed.id.idiag_dport = __builtin_bswap16(443);
    std::memcpy(&fixed.id.idiag_dst, address.data(), address.size());
    std::vector<std::byte> bytes(sizeof fixed);
    std::memcpy(bytes.data(), &fixed, sizeof fixed);
    return bytes;
}

void append(std::vector<std::byte>& bytes, std::uint16_t type, std::span<const std::byte> value) {
    const nlattr header{.nla_len = static_cast<std::uint16_t>(sizeof(nlattr) + value.size()),
                        .nla_type = type};
    const auto head = std::as_bytes(std::span{&header, 1});
    bytes.insert(bytes.end(), head.begin(), head.end());
    bytes.insert(bytes.end(), value.begin(), value.end());
}

void append(std::vector<std::byte>& bytes, std::uint16_t type, std::uint64_t value) {
    append(bytes, type, std::as_bytes(std::span{&value, 1}));
}

// Both ends of a connection of this process to itself.
struct Loop {
    Loop() {
        sockaddr_in address{};
        address.sin_family = AF_INET;
        address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
        socklen_t length = sizeof address;
        auto* any = reinterpret_cast<sockaddr*>(&address);  // NOLINT: the calls' own type
        REQUIRE(::bind(server.get(), any, length) == 0);
        REQUIRE(::listen(server.get(), 1) == 0);
        REQUIRE(::getsockname(server.get(), any, &length) == 0);
        REQUIRE(::connect(client.get(), any, length) == 0);
        port = ntohs(address.sin_port);
    }
    platform::UniqueFd server{::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)};
    platform::UniqueFd client{::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)};
    std::uint16_t port = 0;
};

// The id of this process's own cgroup in the v2 tree; 0 where there is none.
std::uint64_t own_cgroup() {
    std::ifstream file{"/proc/self/cgroup"};
    std::string line;
    while (std::getline(file, line)) {
        for (const std::string top : {"/sys/fs/cgroup", "/sys/fs/cgroup/unified"}) {
            struct stat found {};
            if (line.starts_with("0::") &&
                ::access((top + "/cgroup.controllers").c_str(), F_OK) == 0 &&
                ::stat((top + line.substr(3)).c_str(), &found) == 0) {
                return found.st_ino;
            }
        }
    }
    return 0;
}

}  // namespace

TEST_CASE("established_tcp: finds a cgroup's connection wherever the cgroup stands in the list" *
          doctest::test_suite("root") * doctest::skip(own_cgroup() == 0)) {
    const Loop loop;
    const auto own = own_cgroup();
    const std::uint64_t nobody = ~std::uint64_t{0};
    using Ids = std::vector<std::uint64_t>;
    for (const auto& ids : {Ids{own},
                            Ids{own, nobody},
                            Ids{nobody, own},
                            Ids{nobody, own, nobody},
                            Ids{own, nobody, nobody, nobody}}) {
        const auto found = established_tcp(ids);
        REQUIRE(found);
        const auto ours =
            std::ranges::find(*found, loop.port, &platform::TcpConnection::remote_port);
        REQUIRE(ours != found->end());
        CHECK(ours->cgroup == own);
        CHECK(ours->remote == "127.0.0.1");
    }
}

TEST_CASE("established_tcp: a connection that never received anything has no age of what it did" *
          doctest::test_suite("root") * doctest::skip(own_cgroup() == 0)) {
    const Loop loop;
    const auto client = [&] {
        const auto found = established_tcp(std::array{own_cgroup()});
        REQUIRE(found);
        const auto ours =
            std::ranges::find(*found, loop.port, &platform::TcpConnection::remote_port);
        REQUIRE(ours != found->end());
        return *ours;
    };
    CHECK_FALSE(client().last_received_seconds);
    const platform::UniqueFd accepted{::accept4(loop.server.get(), nullptr, nullptr, SOCK_CLOEXEC)};
    REQUIRE(::write(accepted.get(), "x", 1) == 1);
    char byte = 0;
    REQUIRE(::read(loop.client.get(), &byte, 1) == 1);
    CHECK(client().last_received_seconds.value_or(99) < 20);
}

TEST_CASE("parse_tcp_message: addresses of both families, and IPv4 within IPv6 as IPv4") {
    CHECK(parse_tcp_message(message(AF_INET, {140, 82, 112, 3}))->remote == "140.82.112.3");
    CHECK(parse_tcp_message(message(AF_INET, {140, 82, 112, 3}))->remote_port == 443);
    CHECK_FALSE(parse_tcp_message(message(AF_INET, {140, 82, 112, 3}))->loopback);
    CHECK(parse_tcp_message(message(AF_INET, {127, 1, 2, 3}))->loopback);
    const auto mapped = parse_tcp_message(
        message(AF_INET6, {0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xFF, 0xFF, 127, 0, 0, 1}));
    CHECK(mapped->remote == "127.0.0.1");
    CHECK(mapped->loopback);
    const auto six =
        parse_tcp_message(message(AF_INET6, {0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1}));
    CHECK(six->remote == "::1");
    CHECK(six->loopback);
}

TEST_CASE("parse_tcp_message: the cgroup is known when told, the age only from a whole tcp_info") {
    auto bytes = message(AF_INET, {1, 2, 3, 4});
    append(bytes, INET_DIAG_CGROUP_ID, 4242);
    append(bytes, INET_DIAG_INFO, 7);
    const auto connection = parse_tcp_message(bytes);
    REQUIRE(connection);
    CHECK(connection->cgroup == 4242);
    CHECK_FALSE(connection->last_received_seconds);
}

TEST_CASE("parse_tcp_message: a tcp_info that ends before the bytes received tells no age") {
    tcp_info info{};
    info.tcpi_last_data_recv = 1500;
    info.tcpi_bytes_received = 1;
    const auto age = [&](std::size_t length) {
        auto bytes = message(AF_INET, {1, 2, 3, 4});
        append(bytes, INET_DIAG_INFO, std::as_bytes(std::span{&info, 1}).first(length));
        return parse_tcp_message(bytes)->last_received_seconds;
    };
    constexpr auto whole = offsetof(tcp_info, tcpi_bytes_received) + sizeof(std::uint64_t);
    CHECK(age(whole) == doctest::Approx(1.5));
    CHECK_FALSE(age(whole - 4));
    info.tcpi_bytes_received = 0;
    CHECK_FALSE(age(sizeof info));
}

TEST_CASE("parse_tcp_message: short, foreign and lying messages are malformed") {
    CHECK_FALSE(parse_tcp_message({}));
    CHECK_FALSE(parse_tcp_message(std::vector<std::byte>(10, std::byte{0xFF})));
    CHECK_FALSE(parse_tcp_message(message(AF_UNIX, {})));
    auto bytes = message(AF_INET, {1, 2, 3, 4});
    bytes.insert(bytes.end(), 4, std::byte{0xFF});
    CHECK_FALSE(parse_tcp_message(bytes));
    auto endless = message(AF_INET, {1, 2, 3, 4});
    endless.insert(endless.end(), 64, std::byte{0});
    CHECK_FALSE(parse_tcp_message(endless));
}

TEST_CASE("established_tcp: the kernel takes the filter for one cgroup and for many") {
    for (const std::size_t count : {1U, 2U, 3U, 500U, 4000U}) {
        CAPTURE(count);
        const std::vector<std::uint64_t> nobodys(count, ~std::uint64_t{0});
        const auto found = established_tcp(nobodys);
        REQUIRE((found || found.error().code == Errc::absent));
        CHECK((!found || found->empty()));
    }
    CHECK(established_tcp({})->empty());
    CHECK_FALSE(established_tcp(std::vector<std::uint64_t>(4001, 1)));
}

TEST_CASE("established_tcp: needs no rights" * doctest::test_suite("root") *
          doctest::skip(::getuid() != 0)) {
    const std::array<std::uint64_t, 1> root{1};
    REQUIRE(::seteuid(65534) == 0);
    const auto found = established_tcp(root);
    REQUIRE(::seteuid(0) == 0);
    CHECK((found || found.error().code == Errc::absent));
}
