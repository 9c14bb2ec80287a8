// JournalAhead: tells entries whose place is ahead of where it can be, as a damaged file has them.
//
// libsystemd tells entries in order. One whose number or time is beyond all others comes last, and
// whatever is logged after that has its place before it and would never be told. Reading must go on
// from the last entry that is not ahead, and around those that are; where it comes by them again,
// it takes them only once.
//
// Pure; not thread-safe. What cannot be told apart is no harm: an entry that seems to be ahead and
// is not, after a gap or when a clock was set, is taken too, and the next one shows it.

#pragma once

#include "core/time.h"
#include "forwarder/journal_cursor.h"

#include <cstddef>
#include <cstdint>
#include <map>
#include <optional>
#include <string>

namespace paws::forwarder {

class JournalAhead {
public:
    enum class Rank {
        in_place,
        ahead,
        known,  // ahead, and taken before
    };

    // So many of them are remembered. Where there are more, a clock was wrong rather than a file
    // is: they are in place then.
    static constexpr std::size_t most_known = 1'000;

    // `most_unseen`: how many entries that are not told, which a filter leaves out, are thought to
    // be between two that are.
    explicit JournalAhead(std::uint64_t most_unseen) : most_unseen_{most_unseen} {}

    // Of the entry after the one that was passed last.
    Rank rank(const std::string& cursor, WallTime now) const;
    void pass(const std::string& cursor, Rank rank);

    // Entries that are ahead have been passed since the last one in place.
    bool is_beyond() const { return beyond_; }
    // Reading goes on after that one, from this place: a cursor of which parts may be missing. It
    // is behind the entry that was passed last where that has a neighbour in its sequence, and then
    // also in its file. Nothing when only the one in place itself tells where to go on.
    std::optional<std::string> go_around(WallTime now);
    // Reading goes on after the entry of this cursor, or anywhere when it is empty.
    void begin_after(const std::string& cursor);

private:
    // From the last one, and also from the last one in place.
    bool leaps(const EntryOrder& entry) const;
    void forget_before(const SequenceNumber& place);

    std::uint64_t most_unseen_;
    std::optional<EntryOrder> in_place_;  // the last one that was
    std::optional<EntryOrder> passed_;    // the last one
    bool beyond_ = false;
    std::map<std::string, SequenceNumber> known_;  // by cursor
};

}  // namespace paws::forwarder
