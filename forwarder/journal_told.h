// JournalTold: which entries were told already, so that those which a search leads back to are not
// taken twice.
//
// By runs of numbers, of each sequence apart. An entry that nobody knows of, as those are that were
// skimmed between others of its sequence whose numbers did not add up, or an old one where there
// are many runs, may be taken again; one that was never told is not thought to have been.
//
// Pure; not thread-safe.

#pragma once

#include "forwarder/journal_cursor.h"

#include <cstddef>
#include <cstdint>
#include <deque>
#include <string>

namespace paws::forwarder {

class JournalTold {
public:
    static constexpr std::size_t most_runs = 1'000;

    // The next one is told. What is between it and the last one was told too where the numbers add
    // up.
    void add(const EntryOrder& entry);
    // The next one is told, and nothing but its clocks is known.
    void skim() { ++unseen_; }
    // The last of those is told with its number after all, next.
    void look_again() { unseen_ -= unseen_ > 0 ? 1 : 0; }
    // What is told next does not come after what was told last.
    void go_back() { unseen_ = 0; }

    bool has(const EntryOrder& entry) const;
    // Whoever has the numbers between the two: all were. Those of another boot do not count, which
    // may be another host's.
    bool has_between(std::uint64_t number, const EntryOrder& later) const;

private:
    // Of one sequence. All numbers from the first to the last were told, some of other sequences.
    struct Run {
        std::string id;
        std::uint64_t first = 0;
        std::uint64_t last = 0;
        platform::EntryClocks until;
        std::uint64_t moment = 0;  // the first that is known to be of the time it ends with
        std::size_t series = 0;    // of runs that were told by turns

        bool has(const EntryOrder& entry) const;
    };

    std::deque<Run> runs_;
    std::size_t series_ = 0;
    std::uint64_t last_ = 0;
    std::uint64_t unseen_ = 0;  // after that one
};

}  // namespace paws::forwarder
