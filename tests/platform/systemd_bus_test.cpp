#include "platform/systemd_bus.h"

#include "platform/unique_fd.h"
#include "tests/support/temporary_directory.h"

#include <array>
#include <cstring>
#include <future>

#include <doctest/doctest.h>
#include <sys/socket.h>
#include <sys/un.h>

using namespace paws;
using namespace std::chrono_literals;
using platform::SystemdBus;
using platform::UniqueFd;

namespace {

UniqueFd listen_at(const std::string& path) {
    UniqueFd fd{::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0)};
    sockaddr_un address{.sun_family = AF_UNIX, .sun_path = {}};
    REQUIRE(path.size() < sizeof address.sun_path);
    std::memcpy(address.sun_path, path.c_str(), path.size());
    // NOLINTNEXTLINE(cppcoreguidelines-pro-type-reinterpret-cast): how bind(2) is called
    REQUIRE(::bind(fd.get(), reinterpret_cast<const sockaddr*>(&address), sizeof address) == 0);
    REQUIRE(::listen(fd.get(), 4) == 0);
    return fd;
}

}  // namespace

TEST_CASE("SystemdBus: without a bus the error names it and what to look at") {
    const TemporaryDirectory directory;
    const auto address = "unix:path=" + (directory.path() / "none").string();
    const auto bus = SystemdBus::connect(address);
    REQUIRE_FALSE(bus);
    CHECK(bus.error().code == Errc::unavailable);
    CHECK(bus.error().what.find(address) == 0);
    CHECK(bus.error().what.find("systemctl status dbus") != std::string::npos);
}

TEST_CASE("SystemdBus: a peer that takes the connection and says nothing is given up in time") {
    const TemporaryDirectory directory;
    const auto path = (directory.path() / "mute").string();
    const auto mute = listen_at(path);
    const auto begun = std::chrono::steady_clock::now();
    const auto bus = SystemdBus::connect("unix:path=" + path, 50ms);
    CHECK(std::chrono::steady_clock::now() - begun < 20s);
    REQUIRE_FALSE(bus);
    CHECK(bus.error().code == Errc::timeout);
}

TEST_CASE("SystemdBus: a peer that talks nonsense or hangs up is no bus") {
    const TemporaryDirectory directory;
    const auto path = (directory.path() / "odd").string();
    const auto listener = listen_at(path);
    for (const std::string_view speech : {"", "HTTP/1.1 400 Bad Request\r\n\r\n"}) {
        auto peer = std::async(std::launch::async, [&] {
            const UniqueFd client{::accept4(listener.get(), nullptr, nullptr, SOCK_CLOEXEC)};
            return ::send(client.get(), speech.data(), speech.size(), MSG_NOSIGNAL);
        });
        const auto bus = SystemdBus::connect("unix:path=" + path, 20s);
        REQUIRE_FALSE(bus);
        CHECK(bus.error().code == Errc::unavailable);
        peer.wait();
    }
}

TEST_CASE("SystemdBus: an address that is none is refused") {
    CHECK_FALSE(SystemdBus::connect("no address at all"));
}
