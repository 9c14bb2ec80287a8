#include "exporter/listen_address.h"

#include <doctest/doctest.h>

using namespace paws;
using namespace paws::exporter;

TEST_CASE("parse_listen_address: the four forms") {
    CHECK(parse_listen_address(":7297").value() == ListenAddress{.port = 7297});
    CHECK(parse_listen_address("127.0.0.1:80").value() ==
          ListenAddress{.family = Family::ipv4, .host = "127.0.0.1", .port = 80});
    CHECK(parse_listen_address("[::1]:7297").value() ==
          ListenAddress{.family = Family::ipv6, .host = "::1", .port = 7297});
    CHECK(parse_listen_address("unix:/run/paws-agent/web.sock").value() ==
          ListenAddress{.family = Family::unix_socket, .path = "/run/paws-agent/web.sock"});
}

TEST_CASE("parse_listen_address: anything else is named in the error, with what would do") {
    for (const auto* text : {"",
                             "7297",
                             ":",
                             ":x",
                             ":65536",
                             ":-1",
                             "localhost:7297",
                             "::1:7297",
                             "[::1:7297",
                             "[127.0.0.1]:1",
                             "1.2.3:4",
                             "1.2.3.4.5:6",
                             "unix:",
                             "unix:relative",
                             "unix:/a,b",
                             "\xFF:1",
                             "127.0.0.1:7297s"}) {
        CAPTURE(text);
        const auto address = parse_listen_address(text);
        REQUIRE_FALSE(address);
        CHECK(address.error().code == Errc::malformed);
        CHECK(address.error().what.find("[web] listen: '") == 0);
        CHECK(address.error().what.find("\"127.0.0.1:7297\"") != std::string::npos);
    }
    CHECK_FALSE(parse_listen_address("unix:/" + std::string(107, 'x')));
    CHECK_FALSE(parse_listen_address(std::string(1'000'000, ':')));
}

TEST_CASE("check_listen_address: an address of another host is told apart from a port taken") {
    const auto checked =
        check_listen_address({.family = Family::ipv4, .host = "192.0.2.1", .port = 7297});
    REQUIRE_FALSE(checked);
    CHECK(
        checked.error().what ==
        "cannot listen on 192.0.2.1:7297: this host has no such address; see `ip -brief address`");
}

TEST_CASE("leaves_the_host: what others can reach") {
    for (const auto* text : {":1", "0.0.0.0:1", "10.1.2.3:1", "[::]:1", "[2001:db8::1]:1"}) {
        CHECK_MESSAGE(leaves_the_host(parse_listen_address(text).value()), text);
    }
    for (const auto* text : {"127.0.0.1:1", "127.1.2.3:1", "[::1]:1", "unix:/a"}) {
        CHECK_FALSE_MESSAGE(leaves_the_host(parse_listen_address(text).value()), text);
    }
}

TEST_CASE("civetweb_port: as civetweb spells it") {
    CHECK(civetweb_port(parse_listen_address("127.0.0.1:1").value(), Speech::tls) ==
          "127.0.0.1:1s");
    CHECK(civetweb_port(parse_listen_address("[::1]:2").value(), Speech::plain) == "[::1]:2");
    for (const auto speech : {Speech::plain, Speech::tls}) {
        CHECK(civetweb_port(parse_listen_address("unix:/a").value(), speech) == "x/a");
    }
    const auto any = civetweb_port(parse_listen_address(":3").value(), Speech::plain);
    CHECK((any == "+3" || any == "3"));
}
