#include "collectors/clock.h"

#include "platform/adjtimex.h"

#include <cmath>

#include <doctest/doctest.h>

using namespace paws;
using collectors::ClockCollector;

TEST_CASE("clock: hands on what the kernel says") {
    ClockCollector clock{[]() -> Result<ClockSync> { return ClockSync{true, -0.25}; }};
    Facts draft;
    clock.collect(draft, Now{}).value()(draft);
    CHECK(draft.host.clock.value->synchronised);
    CHECK(draft.host.clock.value->offset_seconds == -0.25);
}

TEST_CASE("clock: a sandbox that forbids the question is a failure with its reason") {
    ClockCollector clock{[]() -> Result<ClockSync> {
        return Error{Errc::denied, "adjtimex: not permitted"};
    }};
    CHECK(clock.collect({}, Now{}).error() == Error{Errc::denied, "adjtimex: not permitted"});
}

TEST_CASE("clock_sync: this kernel's own answer stays within its half second") {
    const auto clock = platform::clock_sync();
    REQUIRE(clock);
    CHECK(std::abs(clock->offset_seconds) <= 0.5);
}
