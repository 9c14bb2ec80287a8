#include "platform/sd_notify.h"

#include "platform/descriptors.h"
#include "platform/fd_store.h"
#include "platform/unique_fd.h"
#include "tests/support/temporary_directory.h"

#include <array>
#include <cstddef>
#include <cstdlib>
#include <string>
#include <string_view>

#include <doctest/doctest.h>
#include <fcntl.h>
#include <sys/socket.h>
#include <sys/un.h>

using namespace paws;
using namespace paws::platform;

namespace {

// A manager that listens on `name` (NOTIFY_SOCKET) and reads only what a test asks for.
class Manager {
public:
    explicit Manager(std::string name) : fd_{::socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0)} {
        ::setenv("NOTIFY_SOCKET", name.c_str(), 1);
        if (name.front() == '@') {
            name.front() = '\0';
        }
        sockaddr_un address{};
        address.sun_family = AF_UNIX;
        name.copy(static_cast<char*>(address.sun_path), sizeof(address.sun_path) - 1);
        REQUIRE(::bind(fd_.get(),
                       reinterpret_cast<const sockaddr*>(&address),
                       static_cast<socklen_t>(offsetof(sockaddr_un, sun_path) + name.size())) == 0);
    }
    Manager(const Manager&) = delete;
    Manager& operator=(const Manager&) = delete;
    ~Manager() { ::unsetenv("NOTIFY_SOCKET"); }

    std::string read() const {
        std::array<char, 4096> text{};
        const auto got = ::recv(fd_.get(), text.data(), text.size(), MSG_DONTWAIT);
        return {text.data(), got > 0 ? static_cast<std::size_t>(got) : 0};
    }

    int socket() const { return fd_.get(); }

private:
    UniqueFd fd_;
};

}  // namespace

TEST_CASE("notify: reaches a manager by path and by abstract name") {
    const TemporaryDirectory directory;
    for (const auto& name : {(directory.path() / "notify").string(),
                             "@paws-test-" + directory.path().filename().string()}) {
        CAPTURE(name);
        const Manager manager{name};
        CHECK(notify("READY=1\nSTATUS=2 runners"));
        CHECK(manager.read() == "READY=1\nSTATUS=2 runners");
    }
}

TEST_CASE("notify: without a manager nothing happens") {
    CHECK_FALSE(notify("READY=1"));
    for (const auto* wrong : {"", "/", "relative", "vsock:2:1234", "/nonexistent/notify"}) {
        ::setenv("NOTIFY_SOCKET", wrong, 1);
        CHECK_FALSE(notify("READY=1"));
    }
    ::setenv("NOTIFY_SOCKET", std::string(200, '/').c_str(), 1);
    CHECK_FALSE(notify("READY=1"));
    ::unsetenv("NOTIFY_SOCKET");
}

TEST_CASE("notify: a manager that does not read is left alone, and reached again when it does") {
    const TemporaryDirectory directory;
    const Manager manager{(directory.path() / "notify").string()};
    std::size_t taken = 0;
    while (taken < 100'000 && notify("WATCHDOG=1")) {
        ++taken;
    }
    REQUIRE(taken < 100'000);
    CHECK_FALSE(notify("WATCHDOG=1"));
    for (std::size_t read = 0; read < taken; ++read) {
        CHECK(manager.read() == "WATCHDOG=1");
    }
    CHECK(notify("STOPPING=1"));
    CHECK(manager.read() == "STOPPING=1");
}

TEST_CASE("fd store: a descriptor is kept under its name, and forgotten by it") {
    const TemporaryDirectory directory;
    const Manager manager{(directory.path() / "notify").string()};
    const UniqueFd root{::open("/", O_RDONLY | O_DIRECTORY | O_CLOEXEC)};
    REQUIRE(keep_descriptor("root@acme", root.get()));
    const auto message = receive_descriptors(manager.socket(), 4096);
    REQUIRE(message);
    CHECK(message->text == "FDSTORE=1\nFDPOLL=0\nFDNAME=root@acme");
    CHECK(message->descriptors.size() == 1);
    REQUIRE(forget_descriptors("root@acme"));
    CHECK(manager.read() == "FDSTOREREMOVE=1\nFDNAME=root@acme");
}

TEST_CASE("fd store: without a manager nothing was kept") {
    CHECK(kept_descriptors().empty());
    CHECK_FALSE(keep_descriptor("root@acme", 0));
}
