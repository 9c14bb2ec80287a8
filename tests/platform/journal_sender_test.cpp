#include "platform/journal_sender.h"

#include "platform/unique_fd.h"
#include "tests/support/temporary_directory.h"

#include <array>
#include <chrono>
#include <cstring>
#include <string>
#include <thread>

#include <doctest/doctest.h>
#include <poll.h>
#include <sys/socket.h>
#include <sys/un.h>

using namespace paws;
using namespace paws::platform;
using namespace std::chrono_literals;

namespace {

using Clock = std::chrono::steady_clock;

// Where journald would listen.
class Journald {
public:
    Journald() : fd_{::socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0)} {
        sockaddr_un address{};
        address.sun_family = AF_UNIX;
        std::strcpy(static_cast<char*>(address.sun_path), path().c_str());
        REQUIRE(::bind(fd_.get(), reinterpret_cast<sockaddr*>(&address), sizeof address) == 0);
    }
    std::string path() const { return dir_.path() / "socket"; }

    std::string take() const {
        pollfd any{.fd = fd_.get(), .events = POLLIN, .revents = 0};
        REQUIRE(::poll(&any, 1, 20'000) == 1);
        std::array<char, 4096> datagram{};
        const auto size = ::recv(fd_.get(), datagram.data(), datagram.size(), 0);
        REQUIRE(size >= 0);
        return {datagram.data(), static_cast<std::size_t>(size)};
    }
    void end() { fd_ = UniqueFd{}; }

private:
    TemporaryDirectory dir_;
    UniqueFd fd_;
};

const std::vector<JournalField> fields{{"MESSAGE", "hello"}, {"PAWS_RUN_ID", "1"}};

}  // namespace

TEST_CASE("journal_sender: it lives until what it sent, and the empty one after it, were taken") {
    const Journald journald;
    std::string entry;
    std::string fence{"none"};
    Clock::time_point taken;
    std::thread reader{[&] {
        entry = journald.take();
        std::this_thread::sleep_for(100ms);  // handles the entry
        taken = Clock::now();
        fence = journald.take();
    }};
    const auto sent = send_to_journal(fields, 20s, journald.path());
    const auto returned = Clock::now();
    reader.join();
    CHECK(sent);
    CHECK(entry == "MESSAGE=hello\nPAWS_RUN_ID=1\n");
    CHECK(fence.empty());
    CHECK(returned >= taken);
}

TEST_CASE("journal_sender: a journald that takes nothing is waited for no longer than allowed") {
    const Journald journald;
    const auto begin = Clock::now();
    const auto sent = send_to_journal(fields, 100ms, journald.path());
    CHECK(sent.error().code == Errc::timeout);
    CHECK(Clock::now() - begin >= 100ms);
    CHECK(Clock::now() - begin < 20s);
}

TEST_CASE("journal_sender: nor is one whose queue is full") {
    const Journald journald;
    for (int crowd = 0; crowd < 2000; ++crowd) {  // more than any net.unix.max_dgram_qlen here
        CHECK_FALSE(send_to_journal(fields, 0ms, journald.path()));
    }
    const auto begin = Clock::now();
    CHECK(send_to_journal(fields, 100ms, journald.path()).error().code == Errc::timeout);
    CHECK(Clock::now() - begin < 20s);
}

TEST_CASE("journal_sender: without a journald it fails at once and says where it looked") {
    Journald journald;
    const auto path = journald.path();
    journald.end();
    CHECK(send_to_journal(fields, 5s, path).error().code == Errc::unavailable);
    const auto absent = send_to_journal(fields, 5s, path + ".none");
    CHECK(absent.error().code == Errc::absent);
    CHECK(absent.error().what.find(path + ".none") != std::string::npos);
    CHECK(send_to_journal(fields, 5s, std::string(200, 'x')).error().code == Errc::malformed);
}
