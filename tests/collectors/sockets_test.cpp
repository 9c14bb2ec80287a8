#include "collectors/sockets.h"

#include "platform/unique_fd.h"
#include "tests/support/facts.h"
#include "tests/support/fake_unit.h"
#include "tests/support/fixture_host.h"

#include <array>
#include <fstream>
#include <iterator>
#include <string>
#include <string_view>
#include <vector>

#include <arpa/inet.h>
#include <doctest/doctest.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

using namespace paws;
using collectors::leads_to_github;
using collectors::SocketsCollector;
using platform::TcpConnection;

namespace {

const std::string group = "/system.slice/actions.runner.acme.build-01.service";

TcpConnection to(const std::string& remote, std::uint16_t port) {
    return {.remote = remote,
            .remote_port = port,
            .loopback = remote == "127.0.0.1" || remote == "::1",
            .cgroup = 0,
            .last_received_seconds = std::nullopt};
}

TcpConnection in(std::uint64_t cgroup, std::uint16_t port, double age) {
    auto connection = to("140.82.112.3", port);
    connection.cgroup = cgroup;
    connection.last_received_seconds = age;
    return connection;
}

// A host on which one runner has a cgroup, and the answer of its kernel.
struct Rig {
    Rig() {
        host.write("sys/fs/cgroup/cgroup.controllers", "");
        host.write("sys/fs/cgroup" + group + "/cgroup.procs", "");
        facts.runners.push_back(in_cgroup("acme.build-01", group, 10));
        id = collectors::CgroupHierarchy{host.root()}.find(group)->id;
    }
    Result<void> collect() {
        SocketsCollector collector{host.root(), [&](std::span<const std::uint64_t> asked) {
                                       ++dumps;
                                       CHECK(asked.front() == id);
                                       return answer;
                                   }};
        return collect_into(facts, collector);
    }

    FixtureHost host;
    Facts facts;
    std::uint64_t id = 0;
    int dumps = 0;
    Result<std::vector<TcpConnection>> answer{std::vector<TcpConnection>{}};
};

class Server {
public:
    Server() : socket_{::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)} {
        address_.sin_family = AF_INET;
        address_.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
        socklen_t length = sizeof address_;
        auto* address = reinterpret_cast<sockaddr*>(&address_);  // NOLINT: the call's own type
        REQUIRE(::bind(socket_.get(), address, length) == 0);
        REQUIRE(::listen(socket_.get(), 1) == 0);
        REQUIRE(::getsockname(socket_.get(), address, &length) == 0);
    }
    platform::UniqueFd accept() const {
        return platform::UniqueFd{::accept(socket_.get(), nullptr, nullptr)};
    }
    std::string address() const { return "127.0.0.1:" + std::to_string(ntohs(address_.sin_port)); }

private:
    platform::UniqueFd socket_;
    sockaddr_in address_{};
};

}  // namespace

TEST_CASE("leads_to_github: port 443 of other hosts") {
    CHECK(leads_to_github(to("140.82.112.3", 443), nullptr));
    CHECK(leads_to_github(to("2606:50c0::1", 443), nullptr));
    CHECK_FALSE(leads_to_github(to("140.82.112.3", 80), nullptr));
    CHECK_FALSE(leads_to_github(to("127.0.0.1", 443), nullptr));
}

TEST_CASE("leads_to_github: the runner's proxy, wherever it is") {
    RunnerFiles files;
    files.proxy = "127.0.0.1:3128";
    CHECK(leads_to_github(to("127.0.0.1", 3128), &files));
    CHECK_FALSE(leads_to_github(to("10.0.0.9", 3128), &files));
    files.proxy = "[::1]:3128";
    CHECK(leads_to_github(to("::1", 3128), &files));
    files.proxy = "localhost:3128";
    CHECK(leads_to_github(to("::1", 3128), &files));
    CHECK_FALSE(leads_to_github(to("10.0.0.9", 3128), &files));
    files.proxy = "proxy.example:3128";
    CHECK(leads_to_github(to("10.0.0.9", 3128), &files));
    CHECK_FALSE(leads_to_github(to("10.0.0.9", 8080), &files));
}

TEST_CASE("leads_to_github: a server of the settings on a port of its own") {
    RunnerFiles files;
    files.settings.emplace().github_url = "https://ghes.example:8443/acme";
    CHECK(leads_to_github(to("10.0.0.9", 8443), &files));
    CHECK_FALSE(leads_to_github(to("10.0.0.9", 8444), &files));
}

TEST_CASE("sockets: those of the unit's cgroup, and the newest byte on any of them") {
    Rig rig;
    rig.answer = std::vector{in(rig.id, 443, 12.5),
                             in(rig.id, 443, 0.25),
                             in(rig.id, 22, 0.1),
                             in(rig.id + 1, 443, 0.1)};
    REQUIRE(rig.collect());
    const auto& seen = rig.facts.runners[0].sockets.value;
    REQUIRE(seen);
    CHECK(seen->established == 2);
    CHECK(seen->last_received_seconds == doctest::Approx(0.25));
    CHECK(rig.dumps == 1);
}

TEST_CASE("sockets: one that never received a byte is established and proves no contact") {
    Rig rig;
    auto silent = in(rig.id, 443, 0);
    silent.last_received_seconds.reset();
    rig.answer = std::vector{silent};
    REQUIRE(rig.collect());
    const auto& seen = rig.facts.runners[0].sockets.value;
    REQUIRE(seen);
    CHECK(seen->established == 1);
    CHECK_FALSE(seen->last_received_seconds);
}

TEST_CASE("sockets: no connection is a count of zero and no age") {
    Rig rig;
    REQUIRE(rig.collect());
    const auto& seen = rig.facts.runners[0].sockets.value;
    REQUIRE(seen);
    CHECK(seen->established == 0);
    CHECK_FALSE(seen->last_received_seconds);
}

TEST_CASE("sockets: absent where the kernel or the hierarchy cannot tell, and then not asked") {
    Rig rig;
    SUBCASE("an older kernel") {
        rig.answer = Error{Errc::absent, "too old"};
        REQUIRE(rig.collect());
        CHECK(rig.dumps == 1);
    }
    SUBCASE("a stopped unit") {
        rig.facts.runners[0].unit_state.value->control_group.clear();
        REQUIRE(rig.collect());
        CHECK(rig.dumps == 0);
    }
    SUBCASE("version 1 alone") {
        rig.host.remove("sys/fs/cgroup");
        rig.host.write("sys/fs/cgroup/systemd" + group + "/cgroup.procs", "");
        REQUIRE(rig.collect());
        CHECK(rig.dumps == 0);
    }
    CHECK_FALSE(rig.facts.runners[0].sockets.value);
}

TEST_CASE("sockets: a kernel that fails is the collector's failure") {
    Rig rig;
    rig.answer = Error{Errc::timeout, "no answer"};
    CHECK_FALSE(rig.collect());
}

TEST_CASE("sockets of a real runner: connected and then silent" * doctest::test_suite("root") *
          doctest::skip(!FakeUnit::possible())) {
    const Server server;
    FakeUnit unit{"build-01"};
    std::ofstream{unit.root() / ".env"} << "FAKE_BROKER=" << server.address() << "\n";
    Facts facts;
    facts.runners.push_back(in_cgroup("acme.build-01", unit.control_group(), unit.start()));
    facts.runners[0].files.value.emplace().proxy = server.address();
    const auto connection = server.accept();
    std::array<char, 4096> request{};
    REQUIRE(::read(connection.get(), request.data(), request.size()) > 0);
    static constexpr std::string_view session =
        "HTTP/1.1 200 OK\r\nContent-Length: 18\r\n\r\n{\"sessionId\": \"1\"}";
    REQUIRE(::write(connection.get(), session.data(), session.size()) == std::ssize(session));
    REQUIRE(unit.prints("Listening for Jobs"));

    SocketsCollector collector{*platform::RootFs::open("/")};
    REQUIRE(collect_into(facts, collector));
    REQUIRE(facts.runners[0].sockets.value);
    CHECK(facts.runners[0].sockets.value->established == 1);
    CHECK(facts.runners[0].sockets.value->last_received_seconds.value_or(99) < 5);

    unit.tell("hang");
    while (::read(connection.get(), request.data(), request.size()) > 0) {
        // its poll, and then the end
    }
    REQUIRE(collect_into(facts, collector));
    CHECK(facts.runners[0].sockets.value->established == 0);
}
