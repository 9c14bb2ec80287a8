#include "forwarder/backoff.h"

#include <cstdint>
#include <set>

#include <doctest/doctest.h>

using namespace paws::forwarder;
using namespace std::chrono_literals;

TEST_CASE("backoff: doubles from the shortest to the longest, and stays there") {
    Backoff backoff{1, 100ms, 1s};
    for (const auto most : {100ms, 200ms, 400ms, 800ms, 1000ms, 1000ms, 1000ms}) {
        const auto wait = backoff.next();
        CHECK(wait <= most);
        CHECK(wait >= most / 2);
    }
}

TEST_CASE("backoff: begins anew after a success") {
    Backoff backoff{1, 100ms, 1s};
    for (int i = 0; i < 20; ++i) {
        static_cast<void>(backoff.next());
    }
    backoff.reset();
    const auto wait = backoff.next();
    CHECK(wait <= 100ms);
    CHECK(wait >= 50ms);
}

TEST_CASE("backoff: two of a fleet do not wait alike, and one does not wait the same each time") {
    std::set<std::chrono::nanoseconds> waits;
    for (std::uint64_t seed = 0; seed < 50; ++seed) {
        waits.insert(Backoff{seed, 100ms, 1s}.next());
    }
    CHECK(waits.size() > 45);
    CHECK(*waits.rbegin() - *waits.begin() > 25ms);
    Backoff backoff{1, 100ms, 100ms};
    CHECK(backoff.next() != backoff.next());
}

TEST_CASE("backoff: without bounds it does not wait, and a day of failures does not overflow") {
    Backoff none{1, 0ns, 0ns};
    CHECK(none.next() == 0ns);
    Backoff backoff{1};
    for (int i = 0; i < 100'000; ++i) {
        const auto wait = backoff.next();
        REQUIRE((wait > 0ns && wait <= 60s));
    }
}
