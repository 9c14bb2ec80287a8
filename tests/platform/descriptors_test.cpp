#include "platform/descriptors.h"

#include <array>
#include <string>

#include <doctest/doctest.h>
#include <fcntl.h>
#include <sys/socket.h>
#include <sys/stat.h>

using namespace paws;
using namespace paws::platform;

namespace {

struct Pair {
    Pair() {
        std::array<int, 2> ends{};
        REQUIRE(::socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, ends.data()) == 0);
        left = UniqueFd{ends[0]};
        right = UniqueFd{ends[1]};
    }
    UniqueFd left;
    UniqueFd right;
};

int open_descriptors() {
    int count = 0;
    for (int fd = 0; fd < 256; ++fd) {
        count += ::fcntl(fd, F_GETFD) >= 0 ? 1 : 0;
    }
    return count;
}

}  // namespace

TEST_CASE("descriptors: go along with a text, closed on exec") {
    const Pair pair;
    const UniqueFd root{::open("/", O_RDONLY | O_DIRECTORY | O_CLOEXEC)};
    const std::array descriptors{root.get(), root.get()};
    REQUIRE(send_descriptors(pair.left.get(), "two of them", descriptors));
    const auto message = receive_descriptors(pair.right.get(), 100);
    REQUIRE(message);
    CHECK(message->text == "two of them");
    REQUIRE(message->descriptors.size() == 2);
    struct stat found {};
    CHECK(::fstat(message->descriptors[1].get(), &found) == 0);
    CHECK(S_ISDIR(found.st_mode));
    CHECK(::fcntl(message->descriptors[0].get(), F_GETFD) == FD_CLOEXEC);
}

TEST_CASE("descriptors: a message that is cut is refused, and nothing of it stays open") {
    const Pair pair;
    const UniqueFd root{::open("/", O_RDONLY | O_DIRECTORY | O_CLOEXEC)};
    const std::array descriptors{root.get()};
    const auto before = open_descriptors();
    REQUIRE(send_descriptors(pair.left.get(), std::string(101, 'x'), descriptors));
    CHECK(receive_descriptors(pair.right.get(), 100).error().code == Errc::malformed);
    CHECK(open_descriptors() == before);
}

TEST_CASE("descriptors: a text may come alone, and the end of the peer is absent") {
    Pair pair;
    REQUIRE(send_descriptors(pair.left.get(), "alone", {}));
    CHECK(receive_descriptors(pair.right.get(), 100).value().descriptors.empty());
    pair.left = UniqueFd{};
    CHECK(receive_descriptors(pair.right.get(), 100).error().code == Errc::absent);
}

TEST_CASE("descriptors: more than a message takes are refused before they are sent") {
    const Pair pair;
    const std::array<int, most_descriptors + 1> many{};
    CHECK_FALSE(send_descriptors(pair.left.get(), "many", many));
}
