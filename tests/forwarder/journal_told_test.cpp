#include "forwarder/journal_told.h"

#include <doctest/doctest.h>

using namespace paws;
using namespace paws::forwarder;

namespace {

// Of the sequence `id`, and of the second of its number.
EntryOrder entry(const std::string& id, std::uint64_t number) {
    return {
        .sequence = {.id = id, .number = number},
        .clocks = {.boot = {1}, .monotonic = number * 1'000'000, .realtime = number * 1'000'000}};
}

// Numbered one after the other, by turns.
JournalTold told_of(std::uint64_t first, std::uint64_t last) {
    JournalTold told;
    for (auto number = first; number <= last; ++number) {
        told.add(entry(number % 2 == 0 ? "even" : "odd", number));
    }
    return told;
}

}  // namespace

TEST_CASE(
    "journal told: what was told is known, and nothing before, after or of another sequence") {
    const auto told = told_of(10, 20);
    for (std::uint64_t number = 10; number <= 20; ++number) {
        CAPTURE(number);
        CHECK(told.has(entry(number % 2 == 0 ? "even" : "odd", number)));
        CHECK_FALSE(told.has(entry("other", number)));
    }
    CHECK_FALSE(told.has(entry("odd", 9)));
    CHECK_FALSE(told.has(entry("odd", 21)));
}

TEST_CASE("journal told: one that was skimmed and is looked at after all breaks no run") {
    JournalTold told;
    told.add(entry("one", 10));
    told.skim();
    told.skim();
    told.look_again();
    told.add(entry("one", 12));
    CHECK(told.has(entry("one", 11)));
    CHECK(told.has(entry("one", 12)));
    CHECK_FALSE(told.has(entry("one", 13)));
}

TEST_CASE("journal told: a number that is wild by little is not taken for an older entry's") {
    const auto told = told_of(10, 20);
    auto wild = entry("even", 21);
    wild.sequence.number = 16;
    CHECK_FALSE(told.has(wild));
}

TEST_CASE("journal told: after a wild time those before it are known no less, nor those after it") {
    auto told = told_of(10, 20);
    auto wild = entry("odd", 21);
    wild.clocks.monotonic = 500'000'000;
    told.add(wild);
    told.add(entry("odd", 22));
    CHECK(told.has(wild));
    CHECK(told.has(entry("odd", 19)));
    CHECK(told.has(entry("odd", 22)));
    CHECK_FALSE(told.has(entry("odd", 23)));
}

TEST_CASE("journal told: where a number is left out what has it was not told") {
    auto told = told_of(10, 12);
    told.add(entry("even", 14));
    CHECK_FALSE(told.has(entry("odd", 13)));
    CHECK_FALSE(told.has_between(12, entry("other", 14)));
    CHECK(told.has_between(10, entry("other", 12)));
    told.add(entry("odd", 13));
    CHECK(told.has(entry("odd", 13)));
    CHECK(told.has_between(10, entry("other", 14)));
    CHECK_FALSE(told.has_between(10, entry("other", 16)));
}

TEST_CASE("journal told: of those that were skimmed it is known where their numbers add up") {
    JournalTold told;
    told.add(entry("a", 1));
    for (int skimmed = 0; skimmed < 8; ++skimmed) {
        told.skim();
    }
    told.add(entry("a", 10));
    CHECK(told.has(entry("a", 5)));
    CHECK(told.has_between(1, entry("other", 10)));
    told.skim();
    told.go_back();  // from somewhere else on
    told.add(entry("a", 12));
    CHECK_FALSE(told.has(entry("a", 11)));
    told.skim();
    told.add(entry("a", 15));
    CHECK_FALSE(told.has(entry("a", 14)));
}

TEST_CASE("journal told: of one moment those that it ends with are known") {
    JournalTold told;
    for (std::uint64_t number = 1; number < 6; ++number) {
        auto one = entry("a", number);
        one.clocks = entry("a", number < 3 ? 1 : 5).clocks;
        told.add(one);
    }
    auto last = entry("a", 5);
    for (const std::uint64_t number : {3U, 4U, 5U}) {
        last.sequence.number = number;
        CHECK(told.has(last));
    }
    last.sequence.number = 2;  // it has the time of those, so it is another, whose number is wild
    CHECK_FALSE(told.has(last));
}

TEST_CASE("journal told: of very many runs the oldest are forgotten") {
    JournalTold told;
    const auto count = JournalTold::most_runs + 10;
    for (std::uint64_t run = 1; run <= count; ++run) {
        told.add(entry("a", 10 * run));
    }
    CHECK_FALSE(told.has(entry("a", 10)));
    CHECK(told.has(entry("a", 10 * count)));
}

TEST_CASE("journal told: what was told once more stands for nothing that was not") {
    JournalTold told;
    for (std::uint64_t number = 1; number <= 3; ++number) {
        told.add(entry("a", number));
    }
    told.go_back();
    told.add(entry("a", 1));
    told.skim();
    told.skim();
    told.add(entry("a", 6));  // 2 and 3 were skimmed
    CHECK_FALSE(told.has(entry("a", 4)));
    CHECK_FALSE(told.has(entry("a", 5)));
    CHECK(told.has(entry("a", 6)));
    told.add(entry("a", 3));
    told.add(entry("a", 4));
    CHECK(told.has(entry("a", 3)));
    CHECK(told.has(entry("a", 4)));
}

TEST_CASE("journal told: another host's numbers close no gap") {
    JournalTold told;
    for (std::uint64_t number = 1; number <= 20; ++number) {
        told.add(entry("a", number));
    }
    auto of_another_host = entry("b", 15);
    CHECK(told.has_between(10, of_another_host));
    of_another_host.clocks.boot = {2};
    CHECK_FALSE(told.has_between(10, of_another_host));
}
