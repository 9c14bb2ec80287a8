#include "forwarder/journal_ahead.h"

#include <chrono>
#include <string>

#include <doctest/doctest.h>

using namespace paws;
using namespace paws::forwarder;
using namespace std::chrono_literals;
using Rank = JournalAhead::Rank;

namespace {

constexpr std::uint64_t second = 1'000'000;

// An entry of each second since the epoch and since the boot, numbered by it.
EntryOrder entry(std::uint64_t number) {
    return {.sequence = {.id = "a", .number = number},
            .boot = "b",
            .monotonic = number * second,
            .realtime = number * second};
}

struct Reading {
    explicit Reading(std::uint64_t most_unseen = 0) : ahead{most_unseen} {}

    Rank pass(const EntryOrder& entry) {
        const auto cursor = cursor_of(entry);
        const auto rank = ahead.rank(cursor, now);
        ahead.pass(cursor, rank);
        return rank;
    }
    void go_back() { ahead.go_around(now); }

    JournalAhead ahead;
    WallTime now{1000s};
};

}  // namespace

TEST_CASE("journal ahead: entries that follow each other are in their places") {
    Reading reading;
    for (std::uint64_t number = 1; number < 10; ++number) {
        CHECK(reading.pass(entry(number)) == Rank::in_place);
    }
    auto of_another_count = entry(500);
    of_another_count.sequence.id = "other";
    CHECK(reading.pass(of_another_count) == Rank::in_place);
    auto of_another_boot = entry(501);
    of_another_boot.boot = "other";
    of_another_boot.sequence.id = "other";
    of_another_boot.monotonic = 900'000 * second;
    CHECK(reading.pass(of_another_boot) == Rank::in_place);
    CHECK_FALSE(reading.ahead.is_beyond());
}

TEST_CASE("journal ahead: a number, a time or an uptime beyond those before is ahead, once") {
    auto number = entry(11);
    number.sequence.number = std::uint64_t{1} << 50U;
    auto realtime = entry(11);
    realtime.realtime = 1061 * second;
    auto uptime = entry(11);
    uptime.monotonic += 5 * second;
    auto beyond_all = entry(11);
    beyond_all.monotonic = ~std::uint64_t{0};
    for (const auto& wild : {number, realtime, uptime, beyond_all}) {
        CAPTURE(cursor_of(wild));
        Reading reading;
        reading.pass(entry(10));
        CHECK(reading.pass(wild) == Rank::ahead);
        CHECK(reading.ahead.is_beyond());
        reading.go_back();
        CHECK_FALSE(reading.ahead.is_beyond());
        CHECK(reading.pass(wild) == Rank::known);
        reading.go_back();
        CHECK(reading.pass(entry(11)) == Rank::in_place);
    }
}

TEST_CASE("journal ahead: after a gap the entry that follows shows that it was none") {
    Reading reading;
    reading.pass(entry(10));
    CHECK(reading.pass(entry(20)) == Rank::ahead);
    CHECK(reading.pass(entry(21)) == Rank::in_place);
}

TEST_CASE("journal ahead: what is logged while others are read is in place") {
    Reading reading;
    reading.pass(entry(999));
    for (std::uint64_t number = 1000; number <= 1060; ++number) {
        CHECK(reading.pass(entry(number)) == Rank::in_place);
    }
}

TEST_CASE("journal ahead: thousands of gaps use nothing up") {
    Reading reading;
    reading.now += 100h;
    for (std::uint64_t number = 1; number < 5'000; ++number) {
        reading.pass(entry(10 * number));
        reading.go_back();  // nothing more just then
        REQUIRE(reading.pass(entry(10 * number + 1)) == Rank::in_place);
    }
    auto wild = entry(60'000);
    wild.sequence.number = std::uint64_t{1} << 50U;
    CHECK(reading.pass(wild) == Rank::ahead);
}

TEST_CASE("journal ahead: with a filter numbers have gaps") {
    Reading reading{100};
    reading.pass(entry(10));
    CHECK(reading.pass(entry(111)) == Rank::in_place);
    CHECK(reading.pass(entry(213)) == Rank::ahead);
}

TEST_CASE("journal ahead: thousands that are in the future are no damage") {
    Reading reading;
    reading.pass(entry(10));
    std::size_t ahead = 0;
    for (std::uint64_t number = 1061; number < 5000; ++number) {
        ahead += reading.pass(entry(number)) == Rank::ahead ? 1U : 0U;
    }
    CHECK(ahead > JournalAhead::most_known);
    CHECK(ahead < 3'939);  // of each thousand one is in its place, and the place moves on
}

TEST_CASE("journal ahead: the way around leaves out what is wild") {
    struct Case {
        EntryOrder wild;
        std::string way;
    };
    auto number = entry(11);
    number.sequence.number = std::uint64_t{1} << 50U;
    auto old_number = number;  // of an archive that was read long ago
    old_number.monotonic = old_number.realtime = 3 * second;
    auto realtime = entry(11);
    realtime.realtime = 1061 * second;
    auto uptime = entry(11);
    uptime.monotonic += 50 * second;
    auto all = number;
    all.realtime = 1061 * second;
    auto of_another_count = realtime;
    of_another_count.sequence.id = "other";
    auto after = entry(11);
    ++after.monotonic;
    ++after.realtime;
    auto after_last = entry(10);
    ++after_last.monotonic;
    ++after_last.realtime;
    auto next_number = entry(10);
    next_number.sequence.number = 12;
    for (const auto& each : {Case{number, cursor_by_time(after)},
                             Case{old_number, cursor_by_time(after_last)},
                             Case{all, cursor_by_time(after_last)},
                             Case{realtime, cursor_of(next_number)},
                             Case{uptime, cursor_of(next_number)},
                             Case{of_another_count, ""}}) {
        CAPTURE(cursor_of(each.wild));
        Reading reading;
        reading.pass(entry(10));
        CHECK(reading.pass(each.wild) == Rank::ahead);
        CHECK(reading.ahead.go_around(reading.now).value_or("") == each.way);
    }
    Reading nothing_before;
    nothing_before.pass(entry(2000));
    CHECK(nothing_before.ahead.go_around(nothing_before.now) == std::nullopt);
}

TEST_CASE("journal ahead: what is no cursor is in its place") {
    Reading reading;
    reading.pass(entry(10));
    CHECK(reading.ahead.rank("", reading.now) == Rank::in_place);
    CHECK(reading.ahead.rank("no cursor", reading.now) == Rank::in_place);
}
