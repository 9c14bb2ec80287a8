#include "forwarder/journal_ahead.h"

#include "tests/forwarder/journal_reading.h"

#include <chrono>
#include <string>

#include <doctest/doctest.h>

using namespace paws;
using namespace paws::forwarder;

TEST_CASE("journal ahead: entries that follow each other are in their places") {
    Reading reading;
    for (std::uint64_t number = 1; number < 10; ++number) {
        CHECK(reading.pass(entry(number)) == Rank::in_place);
    }
    auto of_another_count = entry(500);
    of_another_count.sequence = {.id = "other", .number = 3};
    CHECK(reading.pass(of_another_count) == Rank::in_place);
    auto of_another_boot = entry(501);
    of_another_boot.clocks.boot = {2};
    of_another_boot.sequence = {.id = "other", .number = 4};
    of_another_boot.clocks.monotonic = 900'000 * second;
    CHECK(reading.pass(of_another_boot) == Rank::in_place);
    CHECK_FALSE(reading.ahead.is_beyond());
}

TEST_CASE("journal ahead: a number, a time or an uptime beyond those before is ahead, once") {
    auto number = entry(11);
    number.sequence.number = std::uint64_t{1} << 50U;
    auto realtime = entry(11);
    realtime.clocks.realtime = 1061 * second;
    auto uptime = entry(11);
    uptime.clocks.monotonic += 5 * second;
    auto beyond_all = entry(11);
    beyond_all.clocks.monotonic = ~std::uint64_t{0};
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
        CHECK(reading.pass(entry(12)) == Rank::in_place);
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
    old_number.clocks.monotonic = old_number.clocks.realtime = 3 * second;
    auto realtime = entry(11);
    realtime.clocks.realtime = 1061 * second;
    auto uptime = entry(11);
    uptime.clocks.monotonic += 50 * second;
    auto all = number;
    all.clocks.realtime = 1061 * second;
    auto of_another_count = realtime;
    of_another_count.sequence.id = "other";
    auto after = entry(11);
    ++after.clocks.monotonic;
    ++after.clocks.realtime;
    auto after_last = entry(10);
    ++after_last.clocks.monotonic;
    ++after_last.clocks.realtime;
    auto next_number = entry(10);
    next_number.sequence.number = 12;
    for (const auto& each : {Case{number, cursor_by_time(after.clocks)},
                             Case{old_number, cursor_by_time(after_last.clocks)},
                             Case{all, cursor_by_time(after_last.clocks)},
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
    CHECK(reading.ahead.rank(entry_place(""), reading.now) == Rank::in_place);
    CHECK(reading.ahead.rank(entry_place("no cursor"), reading.now) == Rank::in_place);
}

TEST_CASE("journal ahead: clocks that go on are enough for a while") {
    Reading reading;
    CHECK_FALSE(reading.ahead.can_skim(entry(1).clocks, reading.now));  // nothing is before it
    reading.pass(entry(1));
    reading.skim_to(2, 1 + JournalAhead::most_skimmed);
    const auto next = entry(2 + JournalAhead::most_skimmed);
    CHECK_FALSE(reading.ahead.can_skim(next.clocks, reading.now));
    CHECK(reading.pass(next) == Rank::in_place);
    CHECK(reading.ahead.last_skimmed() == std::nullopt);
    CHECK(reading.ahead.can_skim(entry(40).clocks, reading.now));
}

TEST_CASE("journal ahead: clocks that do not go on are not enough") {
    auto back = entry(9);
    auto wall_back = entry(11);
    wall_back.clocks.realtime = 9 * second;
    auto uptime_back = entry(11);
    uptime_back.clocks.monotonic = 9 * second;
    auto outran = entry(11);
    outran.clocks.monotonic += 2 * second;
    auto of_another_boot = entry(11);
    of_another_boot.clocks.boot = {2};
    for (const auto& odd : {back, wall_back, uptime_back, outran, of_another_boot, entry(1061)}) {
        CAPTURE(cursor_of(odd));
        Reading after_ranked;
        after_ranked.pass(entry(10));
        CHECK_FALSE(after_ranked.ahead.can_skim(odd.clocks, after_ranked.now));
        Reading after_skimmed;
        after_skimmed.pass(entry(8));
        after_skimmed.skim_to(9, 10);
        CHECK_FALSE(after_skimmed.ahead.can_skim(odd.clocks, after_skimmed.now));
    }
}

TEST_CASE("journal ahead: where something is ahead every number is looked at") {
    Reading reading;
    reading.pass(entry(10));
    auto wild = entry(11);
    wild.sequence.number = std::uint64_t{1} << 50U;
    reading.pass(wild);
    CHECK_FALSE(reading.ahead.can_skim(entry(12).clocks, reading.now));
    reading.pass(entry(12));
    CHECK_FALSE(reading.ahead.can_skim(entry(13).clocks, reading.now));
}

TEST_CASE("journal ahead: a number that is wild by one shows where reading ends") {
    for (const std::uint64_t wild_by : {1U, 4U, 1000U}) {
        CAPTURE(wild_by);
        Reading reading;
        reading.pass(entry(10));
        reading.skim_to(11, 20);
        auto wild = entry(20);
        wild.sequence.number += wild_by;
        CHECK(reading.settle(wild) == Rank::ahead);
        CHECK(reading.ahead.is_beyond());
        CHECK(reading.pass(entry(21)) == Rank::in_place);
    }
    Reading reading;
    reading.pass(entry(10));
    reading.skim_to(11, 20);
    CHECK(reading.settle(entry(20)) == Rank::in_place);
    CHECK(reading.pass(entry(22)) == Rank::ahead);
}

TEST_CASE("journal ahead: what was skimmed before something ahead is taken once") {
    Reading reading;
    reading.pass(entry(10));
    reading.skim_to(11, 12);
    auto wild = entry(13);
    wild.sequence.id = "other";
    wild.clocks.realtime = 1061 * second;
    CHECK(reading.pass(wild) == Rank::ahead);
    CHECK(reading.ahead.last_skimmed() == std::nullopt);
    CHECK(reading.ahead.go_around(reading.now) == std::nullopt);  // after the one in place
    CHECK(reading.pass(entry(11)) == Rank::repeated);
    CHECK(reading.pass(entry(12)) == Rank::repeated);
    CHECK(reading.pass(wild) == Rank::known);
    CHECK(reading.pass(entry(13)) == Rank::in_place);
}

TEST_CASE("journal ahead: the way around begins after what was skimmed") {
    Reading reading;
    reading.pass(entry(10));
    reading.skim_to(11, 12);
    auto wild = entry(13);
    wild.clocks.realtime = 1061 * second;
    wild.sequence.number = std::uint64_t{1} << 50U;
    reading.pass(wild);
    auto after_last = entry(12);
    ++after_last.clocks.monotonic;
    ++after_last.clocks.realtime;
    CHECK(reading.ahead.go_around(reading.now) == cursor_by_time(after_last.clocks));
    CHECK(reading.pass(entry(13)) == Rank::in_place);

    Reading by_number;
    by_number.pass(entry(10));
    by_number.skim_to(11, 12);
    auto in_future = entry(13);
    in_future.clocks.realtime = 1061 * second;
    by_number.pass(in_future);
    auto next_number = entry(12);
    next_number.sequence.number = 14;
    CHECK(by_number.ahead.go_around(by_number.now) == cursor_of(next_number));
}

TEST_CASE("journal ahead: what was skimmed may turn out to be ahead when it is read again") {
    Reading reading;
    reading.pass(entry(10));
    reading.skim_to(11, 13);
    reading.ahead.go_back();
    CHECK(reading.pass(entry(11)) == Rank::repeated);
    auto wild = entry(12);
    wild.sequence.number = 14;
    CHECK(reading.pass(wild) == Rank::known);
    CHECK(reading.ahead.is_beyond());
    CHECK(reading.pass(entry(13)) == Rank::repeated);
    CHECK(reading.pass(entry(14)) == Rank::in_place);
}
