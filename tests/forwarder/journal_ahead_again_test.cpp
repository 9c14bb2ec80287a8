// JournalAhead between several sequences, and where entries are told again.

#include "tests/forwarder/journal_reading.h"

#include <doctest/doctest.h>

using namespace paws;
using namespace paws::forwarder;

namespace {

EntryOrder of_user(EntryOrder entry) {
    entry.sequence.id = "b";
    return entry;
}

EntryOrder wild_number(std::uint64_t number) {
    auto wild = entry(number);
    wild.sequence.number = std::uint64_t{1} << 50U;
    return wild;
}

EntryPlace place(const EntryOrder& entry) {
    return entry_place(cursor_of(entry));
}

}  // namespace

TEST_CASE("journal ahead: the numbers of several sequences go on together") {
    Reading reading;
    reading.pass(entry(10));
    CHECK(reading.pass(of_user(entry(11))) == Rank::in_place);
    CHECK(reading.pass(wild_number(12)) == Rank::ahead);
    CHECK(reading.pass(of_user(entry(13))) == Rank::in_place);
}

TEST_CASE(
    "journal ahead: what was skimmed before reading ended was told when a search leads to it") {
    Reading reading;
    reading.pass(entry(10));
    reading.skim_to(11, 15);
    CHECK(reading.settle(entry(15)) == Rank::in_place);
    reading.pass(entry(16));
    reading.ahead.go_back();
    CHECK(reading.pass(entry(13)) == Rank::repeated);
    CHECK(reading.pass(entry(17)) == Rank::in_place);
}

TEST_CASE("journal ahead: the next of another sequence shows once that a number is wild") {
    Reading reading;
    reading.pass(of_user(entry(10)));
    CHECK_FALSE(reading.ahead.was_led_past(place(entry(11))));
    reading.pass(wild_number(11));
    CHECK_FALSE(reading.ahead.was_led_past(place(entry(12))));  // is of the same
    CHECK(reading.ahead.was_led_past(place(of_user(entry(15)))));
    auto after = entry(11).clocks;
    ++after.monotonic;
    ++after.realtime;
    CHECK(reading.ahead.go_around(reading.now) == cursor_by_time(after));
    CHECK(reading.pass(wild_number(11)) == Rank::known);  // where the search led to it again
    CHECK_FALSE(reading.ahead.was_led_past(place(of_user(entry(15)))));
    reading.pass(of_user(entry(15)));
    CHECK(reading.pass(wild_number(11)) == Rank::known);  // after another search
    CHECK(reading.ahead.was_led_past(place(of_user(entry(16)))));

    Reading hosts;
    hosts.pass(entry(10));
    hosts.pass(wild_number(11));
    auto of_another_host = of_user(entry(5));
    of_another_host.clocks = {.boot = {2}, .monotonic = 1, .realtime = 12 * second};
    CHECK(hosts.ahead.was_led_past(place(of_another_host)));

    Reading clock_set_back;
    clock_set_back.pass(of_user(entry(10)));
    clock_set_back.pass(wild_number(11));
    auto set_back = of_user(entry(12));
    set_back.clocks.realtime = entry(11).clocks.realtime - 1;
    CHECK(clock_set_back.ahead.was_led_past(place(set_back)));

    Reading late_entry;
    late_entry.pass(entry(10));
    late_entry.pass(of_user(entry(12)));
    auto late = entry(11);
    late.clocks.monotonic = entry(12).clocks.monotonic + 1;  // it is this that is wild
    late.sequence.id = "of a third";
    CHECK_FALSE(late_entry.ahead.was_led_past(place(late)));

    Reading after_gap;
    after_gap.pass(of_user(entry(10)));
    after_gap.pass(entry(20));
    CHECK_FALSE(after_gap.ahead.was_led_past(place(of_user(entry(21)))));
}

TEST_CASE("journal ahead: numbers add up where all was told, whatever the sequences") {
    Reading reading;
    reading.pass(entry(10));
    CHECK(reading.ahead.next_adds_up(place(entry(15))));  // nothing was skimmed
    reading.skim_to(11, 14);
    CHECK(reading.ahead.next_adds_up(place(of_user(entry(15)))));
    CHECK(reading.ahead.last_adds_up(place(of_user(entry(14)))));
    CHECK_FALSE(reading.ahead.next_adds_up(place(of_user(entry(16)))));
    CHECK_FALSE(reading.ahead.last_adds_up(place(of_user(entry(15)))));
    CHECK_FALSE(reading.ahead.next_adds_up(entry_place("no cursor")));
}

TEST_CASE("journal ahead: what was hidden between others is taken, and those only once") {
    Reading reading;
    reading.pass(entry(10));
    reading.skim_to(11, 13);
    reading.ahead.go_back();
    CHECK(reading.pass(entry(11)) == Rank::repeated);
    auto hidden = of_user(entry(12));
    hidden.clocks.monotonic = hidden.clocks.realtime = 11 * second + 1;
    CHECK(reading.pass(hidden) == Rank::in_place);
    CHECK(reading.pass(entry(12)) == Rank::repeated);
    CHECK(reading.pass(entry(13)) == Rank::repeated);
    CHECK(reading.pass(entry(14)) == Rank::in_place);
    CHECK(reading.ahead.can_skim(entry(15).clocks, reading.now));
}

TEST_CASE("journal ahead: a gap of numbers that others had, and were told, is none") {
    Reading reading;
    reading.pass(entry(1));
    CHECK(reading.pass(of_user(entry(4))) == Rank::ahead);  // 2 and 3 are told late
    CHECK(reading.pass(of_user(entry(5))) == Rank::in_place);
    CHECK(reading.pass(entry(2)) == Rank::in_place);
    CHECK(reading.pass(entry(3)) == Rank::in_place);
    CHECK(reading.pass(entry(6)) == Rank::in_place);
    CHECK(reading.pass(entry(8)) == Rank::ahead);
}

TEST_CASE("journal ahead: what is told again is repeated, whatever came between") {
    Reading reading;
    for (std::uint64_t number = 1; number < 10; ++number) {
        reading.pass(entry(number));
    }
    reading.go_back();
    CHECK(reading.pass(entry(4)) == Rank::repeated);
    CHECK(reading.pass(entry(9)) == Rank::repeated);
    CHECK(reading.pass(entry(10)) == Rank::in_place);
    reading.ahead.begin_after({});
    CHECK(reading.pass(entry(4)) == Rank::in_place);
}

TEST_CASE("journal ahead: those that were skimmed and led elsewhere stand for no others") {
    Reading reading;
    reading.pass(entry(10));
    for (std::uint64_t number = 21; number <= 23; ++number) {
        reading.ahead.skim(entry(number).clocks);
    }
    reading.go_back();
    reading.pass(entry(14));
    CHECK(reading.pass(entry(12)) == Rank::in_place);
}

TEST_CASE("journal ahead: what may have been told is not skimmed") {
    Reading reading;
    for (std::uint64_t number = 1; number < 40; ++number) {
        if (number != 6) {
            reading.pass(entry(number));
        }
    }
    reading.go_back();
    CHECK(reading.pass(entry(4)) == Rank::repeated);
    CHECK_FALSE(reading.ahead.can_skim(entry(5).clocks, reading.now));
    CHECK_FALSE(reading.ahead.can_skim(entry(40).clocks, reading.now));
    CHECK(reading.pass(of_user(entry(6))) == Rank::in_place);
    CHECK_FALSE(reading.ahead.can_skim(entry(7).clocks, reading.now));
    CHECK(reading.ahead.can_skim(entry(40).clocks, reading.now));
}

TEST_CASE(
    "journal ahead: what a read took comes again when it goes back to its mark, and no more") {
    Reading reading;
    reading.pass(entry(1));
    reading.skim_to(2, 3);
    reading.ahead.mark();
    reading.skim_to(4, 5);
    CHECK(reading.settle(entry(5)) == Rank::in_place);
    reading.skim_to(6, 7);
    reading.ahead.go_back_to_mark();
    reading.ahead.go_back();
    CHECK(reading.ahead.skimmed() == 6);
    for (std::uint64_t number = 2; number <= 7; ++number) {
        CHECK(reading.pass(entry(number)) == Rank::repeated);
    }
    CHECK(reading.ahead.skimmed() == 0);
    CHECK(reading.pass(entry(8)) == Rank::in_place);
}
