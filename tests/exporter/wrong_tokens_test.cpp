#include "exporter/wrong_tokens.h"

#include <doctest/doctest.h>

using namespace paws;
using namespace paws::exporter;
using namespace std::chrono_literals;

namespace {

constexpr BootTime noon{12h};

void use_up(WrongTokens& wrong, const std::string& address, BootTime now) {
    for (std::size_t time = 0; time < WrongTokens::a_minute; ++time) {
        REQUIRE_FALSE(wrong.add(address, now));
    }
}

}  // namespace

TEST_CASE("WrongTokens: after ten in a minute an address waits for the rest of it") {
    WrongTokens wrong;
    use_up(wrong, "192.0.2.1", noon);
    CHECK(wrong.add("192.0.2.1", noon + 10s) == 50s);
    CHECK(wrong.add("192.0.2.1", noon + 59'500ms) == 1s);
    CHECK_FALSE(wrong.add("192.0.2.2", noon + 10s));
    CHECK_FALSE(wrong.add("192.0.2.1", noon + 60s));
    use_up(wrong, "192.0.2.3", noon + 60s);
    CHECK(wrong.add("192.0.2.3", noon + 60s) == 60s);
}

TEST_CASE("WrongTokens: the addresses of one IPv6 network are one, and so are two forms of one") {
    WrongTokens wrong;
    use_up(wrong, "2001:db8::1", noon);
    CHECK(wrong.add("2001:db8::ffff:2", noon));
    CHECK_FALSE(wrong.add("2001:db8:0:1::1", noon));
    use_up(wrong, "::ffff:192.0.2.1", noon);
    CHECK(wrong.add("192.0.2.1", noon));
    CHECK(peer_of("fe80::1%eth0") == "fe80::/64");
    CHECK(peer_of("nonsense") == "nonsense");
}

TEST_CASE("WrongTokens: a flood of addresses pushes out the oldest and no more is kept") {
    WrongTokens wrong;
    use_up(wrong, "10.0.0.1", noon);
    use_up(wrong, "10.0.0.2", noon + 1s);
    for (std::size_t address = 0; address < WrongTokens::most_peers - 1; ++address) {
        wrong.add("192.0." + std::to_string(address / 250) + "." + std::to_string(address % 250),
                  noon + 2s);
    }
    CHECK(wrong.add("10.0.0.2", noon + 2s));
    CHECK_FALSE(wrong.add("10.0.0.1", noon + 2s));
    // Whose minute is over goes before all others.
    for (std::size_t address = 0; address < 3 * WrongTokens::most_peers; ++address) {
        wrong.add("198.51." + std::to_string(address / 250) + "." + std::to_string(address % 250),
                  noon + 2min);
    }
}
