#include "exporter/connections.h"

#include <array>

#include <doctest/doctest.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <unistd.h>

using namespace paws::exporter;
using namespace std::chrono_literals;

namespace {

// Both ends of a connection; the client's end tells whether the server hung up.
class Pair {
public:
    Pair() {
        REQUIRE(::socketpair(AF_UNIX, SOCK_STREAM, 0, ends_.data()) == 0);
        const timeval limit{.tv_sec = 20};
        ::setsockopt(ends_[1], SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof limit);
    }
    Pair(const Pair&) = delete;
    Pair& operator=(const Pair&) = delete;
    ~Pair() {
        ::close(ends_[0]);
        ::close(ends_[1]);
    }

    int server() const { return ends_[0]; }
    // Waits for the end of the stream.
    bool hung_up() const {
        char byte = 0;
        return ::recv(ends_[1], &byte, 1, 0) == 0;
    }
    bool open() const {
        char byte = 0;
        return ::recv(ends_[1], &byte, 1, MSG_DONTWAIT) < 0;
    }

private:
    std::array<int, 2> ends_{-1, -1};
};

}  // namespace

TEST_CASE("Connections: when the last thread is taken, the longest waiting client loses its own") {
    Connections connections{3, 0ms};
    const Pair first;
    const Pair second;
    const Pair third;
    connections.taken(first.server());
    connections.taken(second.server());
    CHECK(first.open());
    connections.taken(third.server());
    CHECK(first.hung_up());
    CHECK(second.open());
    CHECK(third.open());
}

TEST_CASE("Connections: who waits for an answer is not hung up, whoever else is") {
    Connections connections{3, 0ms};
    const Pair first;
    const Pair second;
    const Pair third;
    connections.taken(first.server());
    connections.asked(first.server());
    connections.taken(second.server());
    connections.taken(third.server());
    CHECK(second.hung_up());
    CHECK(first.open());
    CHECK(third.open());
}

TEST_CASE("Connections: who is taken once more, after a handshake, has its time anew") {
    Connections connections{3, 0ms};
    const Pair first;
    const Pair second;
    const Pair third;
    connections.taken(first.server());
    connections.taken(second.server());
    connections.taken(first.server());
    CHECK(second.open());
    connections.taken(third.server());
    CHECK(second.hung_up());
    CHECK(first.open());
}

TEST_CASE("Connections: who was just answered has waited least") {
    Connections connections{3, 0ms};
    const Pair first;
    const Pair second;
    const Pair third;
    connections.taken(first.server());
    connections.taken(second.server());
    connections.asked(first.server());
    connections.answered(first.server());
    connections.taken(third.server());
    CHECK(second.hung_up());
    CHECK(first.open());
    CHECK(third.open());
}

TEST_CASE("Connections: while there is patience nobody is hung up") {
    Connections connections{2, 1h};
    const Pair first;
    const Pair second;
    connections.taken(first.server());
    connections.taken(second.server());
    CHECK(first.open());
    connections.gone(first.server());
    CHECK(second.open());
}

TEST_CASE("Connections: stop hangs up those who are there and those who still come") {
    Connections connections{8, 1h};
    const Pair first;
    const Pair second;
    connections.taken(first.server());
    connections.stop();
    connections.taken(second.server());
    char byte = 0;
    CHECK(::recv(first.server(), &byte, 1, 0) == 0);
    CHECK(::recv(second.server(), &byte, 1, 0) == 0);
}
