// JournalNumbers: tells by the numbers of the entries what was lost between those that were taken.
//
// journald numbers the entries of all its files together, without a gap, though the files of each
// user are a sequence of their own. So the numbers of a sequence go on as the entries do that are
// taken, of whichever; by how much they went on further, so many are lost. A sequence tells it from
// its second place on: before that nobody knows how it is numbered. Where it is numbered apart from
// others that are read with it, it goes on by less, which is no loss, and hides one.
//
// Not thread-safe.

#pragma once

#include "forwarder/intake.h"
#include "forwarder/journal_cursor.h"

#include <cstddef>
#include <cstdint>
#include <map>
#include <optional>
#include <string>

namespace paws::forwarder {

class JournalNumbers {
public:
    using Entry = std::optional<EntryOrder>;

    // Of so many sequences the place is remembered, those of the latest numbers.
    static constexpr std::size_t most_sequences = 100;

    // `filtered`: others have the numbers between, and nobody knows of what is lost.
    JournalNumbers(Intake& intake, bool filtered) : intake_{intake}, filtered_{filtered} {}

    // Counts from what follows that one, or from the first that is seen.
    void begin_after(const Entry& entry);
    // The number of the next entry is to be looked at: there is no other yet, or it follows a loss.
    bool need_next() const { return !filtered_ && (places_.empty() || seen_losses_ != losses_); }
    // The next entry in place, which was not taken yet.
    void see(const Entry& next);
    // One more is taken, in its place or ahead of it, or late.
    void take(const Entry& entry);
    // The same of one that comes after all others, and whose number nobody looked at.
    void skim() { ++told_; }
    // Files that were there are not any more: entries may have gone with them. `scattered`: between
    // those of other files.
    void lose_files(bool scattered);
    // All that is there was read.
    void reach_end() { is_scattered_ = false; }
    std::uint64_t losses() const { return losses_; }

    // Up to `to` everything was read; `beyond`: so many of those that were taken come after it. How
    // many entries up to there were never seen.
    std::uint64_t missing(const Entry& to, std::uint64_t beyond) const;
    // Counts what is missing, as vacuumed if files were lost since the sequence's last place, and
    // goes on from there. `again`: that entry was told before, and reading went back.
    void settle(const Entry& to, std::uint64_t beyond, bool again);

private:
    struct Place {
        std::uint64_t number = 0;
        // How far its numbers are from what was told: the same as long as nothing is lost. Where
        // one is told ahead of its place it is less, until its number is passed.
        std::int64_t distance = 0;
        std::uint64_t losses = 0;
    };

    Place place_of(const EntryOrder& to, std::uint64_t beyond) const;
    bool is_late(const EntryOrder& entry) const;
    void go_on(Place& place, const Place& now, bool again);
    void count(const Place& before, const Place& now);
    void forget_oldest();

    Intake& intake_;
    bool filtered_;
    std::uint64_t told_ = 0;               // taken, or counted as lost
    std::map<std::string, Place> places_;  // by sequence
    Entry newest_;                         // up to there all is counted
    std::uint64_t losses_ = 0;             // of files
    std::uint64_t seen_losses_ = 0;        // before the next entry was looked at
    bool is_scattered_ = false;
};

}  // namespace paws::forwarder
