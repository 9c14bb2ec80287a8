// JournalNumbers: tells by the numbers of the entries what was lost between those that were taken:
// journald numbers all that it takes without a gap. Not thread-safe.

#pragma once

#include "forwarder/intake.h"
#include "forwarder/journal_cursor.h"

#include <cstdint>
#include <optional>

namespace paws::forwarder {

class JournalNumbers {
public:
    using Number = std::optional<SequenceNumber>;

    // `filtered`: others have the numbers between, and nobody knows of what is lost.
    JournalNumbers(Intake& intake, bool filtered) : intake_{intake}, filtered_{filtered} {}

    // Counts from what follows that one.
    void begin_after(const Number& number);
    // Files came or went: entries may have gone with them.
    void expect_gap() { gap_possible_ = true; }
    // What is lost before the next entry its number tells.
    bool need_next() const { return !filtered_ && (gap_possible_ || !from_); }
    // The next entry in place, which was not taken yet.
    void see(const Number& next);
    // One more is taken, in its place or ahead of it.
    void take() { ++taken_; }

    // Up to `to` everything was read; `beyond`: so many of those that were taken come after it. How
    // many entries up to there were never seen.
    std::uint64_t missing(const Number& to, std::uint64_t beyond) const;
    // Counts what is missing, and from there on.
    void settle(const Number& to, std::uint64_t beyond, LogLoss why);

private:
    std::uint64_t span(const Number& to) const;

    Intake& intake_;
    bool filtered_;
    bool gap_possible_ = false;
    Number from_;
    std::uint64_t taken_ = 0;  // after that one
};

}  // namespace paws::forwarder
