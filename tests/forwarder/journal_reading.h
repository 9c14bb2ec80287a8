// Reading: entries as a reader tells them to JournalAhead, without a journal.

#pragma once

#include "forwarder/journal_ahead.h"

#include <chrono>
#include <cstdint>

#include <doctest/doctest.h>

namespace paws::forwarder {

using namespace std::chrono_literals;

using Rank = JournalAhead::Rank;

inline constexpr std::uint64_t second = 1'000'000;

// An entry of each second since the epoch and since the boot, numbered by it.
inline EntryOrder entry(std::uint64_t number) {
    return {.sequence = {.id = "a", .number = number},
            .clocks = {.boot = {1}, .monotonic = number * second, .realtime = number * second}};
}

struct Reading {
    explicit Reading(std::uint64_t most_unseen = 0) : ahead{most_unseen} {}

    Rank pass(const EntryOrder& entry) {
        const auto place = entry_place(cursor_of(entry));
        const auto rank = ahead.rank(place, now);
        ahead.pass(place, rank);
        return rank;
    }
    // As it is read where the clocks are enough, until something is ahead.
    void skim_to(std::uint64_t first, std::uint64_t last) {
        for (auto number = first; number <= last; ++number) {
            REQUIRE(ahead.can_skim(entry(number).clocks, now));
            ahead.skim(entry(number).clocks);
        }
    }
    // Where reading ends.
    Rank settle(const EntryOrder& last) {
        REQUIRE(ahead.last_skimmed() == last.clocks);
        ahead.forget_last_skimmed();
        return pass(last);
    }
    void go_back() { ahead.go_around(now); }

    JournalAhead ahead;
    WallTime now{1000s};
};

}  // namespace paws::forwarder
