#include "exporter/peer_limit.h"

#include <doctest/doctest.h>

using namespace paws;
using namespace paws::exporter;
using namespace std::chrono_literals;

namespace {

constexpr BootTime noon{12h};
constexpr std::size_t a_minute = 10;

void use_up(PeerLimit& limit, const std::string& address, BootTime now) {
    for (std::size_t time = 0; time < a_minute; ++time) {
        REQUIRE_FALSE(limit.add(address, now));
    }
}

}  // namespace

TEST_CASE("PeerLimit: after so many in a minute an address waits for the rest of it") {
    PeerLimit limit{a_minute};
    use_up(limit, "192.0.2.1", noon);
    CHECK(limit.add("192.0.2.1", noon + 10s) == 50s);
    CHECK(limit.add("192.0.2.1", noon + 59'500ms) == 1s);
    CHECK_FALSE(limit.add("192.0.2.2", noon + 10s));
    CHECK_FALSE(limit.add("192.0.2.1", noon + 60s));
    use_up(limit, "192.0.2.3", noon + 60s);
    CHECK(limit.add("192.0.2.3", noon + 60s) == 60s);
}

TEST_CASE(
    "PeerLimit: the addresses of one network or of the loopback are one, and so are two forms of "
    "one") {
    PeerLimit limit{a_minute};
    use_up(limit, "2001:db8::1", noon);
    CHECK(limit.add("2001:db8::ffff:2", noon));
    CHECK_FALSE(limit.add("2001:db8:0:1::1", noon));
    use_up(limit, "::ffff:192.0.2.1", noon);
    CHECK(limit.add("192.0.2.1", noon));
    CHECK(peer_of("fe80::1%eth0") == "fe80::/64");
    CHECK(peer_of("nonsense") == "nonsense");
    CHECK(peer_of("127.0.0.1") == peer_of("127.9.8.7"));
    CHECK(peer_of("::ffff:127.0.0.2") == peer_of("127.0.0.1"));
    CHECK(peer_of("128.0.0.1") == "128.0.0.1");
}

TEST_CASE("PeerLimit: a flood of addresses pushes out the oldest and no more is kept") {
    PeerLimit limit{a_minute};
    use_up(limit, "10.0.0.1", noon);
    use_up(limit, "10.0.0.2", noon + 1s);
    for (std::size_t address = 0; address < PeerLimit::most_peers - 1; ++address) {
        limit.add("192.0." + std::to_string(address / 250) + "." + std::to_string(address % 250),
                  noon + 2s);
    }
    CHECK(limit.add("10.0.0.2", noon + 2s));
    CHECK_FALSE(limit.add("10.0.0.1", noon + 2s));
    // Whose minute is over goes before all others.
    for (std::size_t address = 0; address < 3 * PeerLimit::most_peers; ++address) {
        limit.add("198.51." + std::to_string(address / 250) + "." + std::to_string(address % 250),
                  noon + 2min);
    }
}
