// JournalAhead: tells entries whose place is ahead of where it can be, as a damaged file has them.
//
// libsystemd tells entries in order. One whose number or time is beyond all others comes last, and
// whatever is logged after that has its place before it and would never be told. Reading must go on
// from the last entry that is not ahead, and around those that are; what it comes by again it takes
// only once. Where there are several sequences, a wild number leaves out the rest of its file while
// the others are told on: the next of another shows it. A wild time has the rest of its file told
// last of all.
//
// A cursor costs nearly as much as reading its entry. As long as nothing is ahead most entries are
// skimmed: their clocks are looked at, and only some of their numbers are. In one sequence a wild
// number shows at the next that is looked at; between several it does not, but there the numbers
// must add up, since journald numbers the entries of all its files together.
//
// Pure; not thread-safe. What cannot be told apart is no harm: an entry that seems to be ahead and
// is not, after a gap or when a clock was set, is taken too, and the next one shows it.

#pragma once

#include "core/time.h"
#include "forwarder/journal_cursor.h"
#include "forwarder/journal_told.h"

#include <cstddef>
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

namespace paws::forwarder {

class JournalAhead {
public:
    enum class Rank {
        in_place,
        repeated,  // in its place, and taken before reading went back
        ahead,
        known,  // ahead, and taken before
    };
    using Clocks = platform::EntryClocks;

    // So many of them are remembered. Where there are more, a clock was wrong rather than a file
    // is: they are in place then.
    static constexpr std::size_t most_known = 1'000;
    // After so many the next one has its number looked at: as many lines may be sent once more when
    // reading ends and begins anew just where an entry is ahead.
    static constexpr std::size_t most_skimmed = 32;

    // `most_unseen`: how many entries that are not told, which a filter leaves out, are thought to
    // be between two that are.
    explicit JournalAhead(std::uint64_t most_unseen) : most_unseen_{most_unseen} {}
    ~JournalAhead() = default;
    JournalAhead(const JournalAhead&) = delete;  // it points into itself
    JournalAhead& operator=(const JournalAhead&) = delete;

    // Of the entry after the one that was passed last: whether its clocks are enough.
    bool can_skim(const Clocks& clocks, WallTime now) const;
    void skim(const Clocks& clocks);
    // Of the one that was passed last, if it was skimmed: to be ranked and passed after all.
    std::optional<Clocks> last_skimmed() const;
    void forget_last_skimmed();
    // So many that were taken come after the last one in place.
    std::size_t skimmed() const { return skimmed_.size(); }
    // Of the next entry, or of the one that was skimmed last: whether its number says that all
    // since the last one in place were told. Of different sequences only where no filter leaves any
    // out, and not where they are numbered apart.
    bool next_adds_up(const EntryPlace& entry) const { return adds_up(entry, skimmed_.size() + 1); }
    bool last_adds_up(const EntryPlace& entry) const { return adds_up(entry, skimmed_.size()); }

    // Before the next entry numbers of its host are left out, and nobody else was told with them:
    // it may be that they come late, from a file whose next entry has a wild time.
    bool leaves_out(const EntryPlace& entry) const;
    // Of the entry after the one that was passed last.
    Rank rank(const EntryPlace& entry, WallTime now) const;
    // True when it is news that it is ahead.
    bool pass(const EntryPlace& entry, Rank rank);

    // Entries that are ahead have been passed since the last one in place.
    bool is_beyond() const { return beyond_ != nullptr; }
    // The number of the entry that was passed last is wild, as this one of another sequence shows,
    // which is told next: the rest of that one's file was left out. True once of each place.
    bool was_led_past(const EntryPlace& entry);
    // Reading goes on after that one, from this place: a cursor of which parts may be missing. It
    // is behind the entry that was passed last. Nothing when only the one in place itself tells
    // where to go on.
    std::optional<std::string> go_around(WallTime now);
    // Reading goes on after the last one in place that was ranked.
    void go_back();
    // A read begins; and reading is to go back to there: what was taken since comes again.
    void mark();
    void go_back_to_mark();
    // Reading goes on after the entry of this cursor, or anywhere when it is empty.
    void begin_after(const std::string& cursor);

private:
    struct Known {
        SequenceNumber sequence;
        std::optional<SequenceNumber> led_past_from;  // the one in place at that time
    };

    bool leaps_in_number_from(const EntryOrder& before, const EntryOrder& entry) const;
    // From the last one, and also from the last one in place.
    bool leaps(const EntryOrder& entry) const;
    bool was_skimmed(const EntryOrder& entry) const;
    bool adds_up(const EntryPlace& entry, std::uint64_t told) const;
    std::uint64_t most_unseen() const { return most_unseen_ + (again_ ? 0 : skimmed_.size()); }
    void remember(const EntryOrder& entry, Rank rank);
    void forget_skimmed();
    void forget_before(const SequenceNumber& place);

    std::uint64_t most_unseen_;
    std::optional<EntryOrder> in_place_;  // the last one that was, of those that were ranked
    std::optional<EntryOrder> passed_;    // the last one that was ranked
    std::vector<Clocks> skimmed_;         // after the one in place
    bool again_ = false;                  // they are told once more
    std::optional<EntryOrder> marked_;    // in_place_ when the read began
    std::vector<Clocks> since_mark_;      // after that one
    std::map<std::string, Known> known_;  // by cursor
    Known* beyond_ = nullptr;             // the one that was passed last, where that is ahead
    JournalTold told_;
    bool repeats_ = false;          // the one that was passed last had been told
    std::optional<Clocks> newest_;  // of those in place
};

}  // namespace paws::forwarder
