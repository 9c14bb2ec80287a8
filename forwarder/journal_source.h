// JournalSource: reads the journal in order, from a position on. Notices what journald removed
// before it was read, and lets lines of a runner wait a moment for what is learned of its job. One
// thread; a read is bounded and never waits.

#pragma once

#include "core/result.h"
#include "forwarder/journal_ahead.h"
#include "forwarder/journal_cursor.h"
#include "forwarder/journal_lines.h"
#include "forwarder/journal_numbers.h"
#include "platform/sd_journal.h"
#include "platform/sd_journal_access.h"

#include <chrono>
#include <cstddef>
#include <optional>
#include <string>

namespace paws::forwarder {

// Where to begin when there is no position.
struct Beginning {
    enum class At { now, oldest, time } at = At::now;
    WallTime time{};

    bool operator==(const Beginning&) const = default;
};

// What came of a read.
enum class Read {
    more,       // its bound was reached
    full,       // the batch is
    held,       // the next line's job is not known yet
    caught_up,  // there is nothing more just now
};

struct JournalBounds {
    std::size_t entries = 500;  // of one read: a push under way goes on after it
    std::chrono::nanoseconds patience_for_job = std::chrono::seconds{2};  // from the line's time on
    std::size_t longest_line = 4U << 20U;
};

class JournalSource {
public:
    JournalSource(Intake& intake,
                  platform::JournalPlace place,
                  const JournalFilter& filter,
                  JournalBounds bounds = {});

    // Goes to what follows the position, or to the beginning where there is none.
    Result<void> open(const Position& from, const Beginning& beginning, WallTime now);
    void close() { journal_.reset(); }
    bool is_open() const { return journal_.has_value(); }

    Result<Read> read(Batch& batch, const BatchBounds& bounds, const Roster& roster, WallTime now);

    int fd() const { return journal_->fd(); }
    // What is written there is not seen: to be opened anew.
    bool misses_directory() { return journal_->misses_directory(); }
    // Lets go of files that were removed: to be called when fd() is readable and now and then, also
    // when nothing is read.
    Result<void> process();
    // There may be more in a second, though it was said that there is not and fd() is silent.
    bool may_overlook() const {
        return is_open() && (journal_->may_overlook() || ahead_.is_beyond());
    }

    // When the journal took the last entry that was taken here.
    std::optional<WallTime> read_to() const {
        return taken_ ? std::optional{taken_->at} : std::nullopt;
    }
    // Writes down where it stands.
    void tell(Position& position) const;

private:
    struct Place {
        EntryPlace entry;
        WallTime at;
    };

    Result<void> go_to(const Position& from);
    Result<void> begin(WallTime now);
    Result<void> narrow();
    Result<void> step_back();
    Result<void> look_for_last(WallTime now);
    Result<void> go_on();
    void look_for_missing();
    platform::JournalCensus take_census();
    void look_at_files();
    void notice_lost_files();
    void look_for_left_out(const Place& place);
    Result<Place> here() const;
    void read_fields();
    bool is_wiped();
    bool must_wait(WallTime at, const Roster& roster, WallTime now);
    void take(Batch& batch, WallTime at, const Roster& roster);
    void pass(Place place, JournalAhead::Rank rank);
    bool can_skim(const platform::EntryClocks& clocks, WallTime now) const;
    Read skim(Batch& batch,
              const platform::EntryClocks& clocks,
              const Roster& roster,
              WallTime now);
    Result<Read> weigh(Batch& batch, const Roster& roster, WallTime now);
    Result<Read> read_entry(Batch& batch, const Roster& roster, WallTime now);
    Result<Read> read_entries(Batch& batch,
                              const BatchBounds& bounds,
                              const Roster& roster,
                              WallTime now);
    bool settle(bool is_last, WallTime now);
    Result<void> go_around(WallTime now);
    bool is_new_place();
    Result<Read> look_behind(WallTime now);
    bool passed_by_file();
    Result<void> go_back_to(std::optional<Place> place);
    Result<Read> read_on(Batch& batch,
                         const BatchBounds& bounds,
                         const Roster& roster,
                         WallTime now);

    Intake& intake_;
    platform::JournalPlace place_;
    JournalFilter filter_;
    JournalBounds bounds_;
    JournalLines lines_;
    std::optional<platform::SdJournal> journal_;
    JournalEntry entry_;
    Beginning beginning_;
    JournalAhead ahead_;
    JournalNumbers numbers_;
    platform::JournalCensus census_;
    std::optional<WallTime> first_of_new_;  // files that came since a read began
    WallTime newest_ = WallTime::min();     // of all that was taken
    std::size_t apart_ = 0;                 // of several so many entries are not skimmed
    bool looked_around_ = false;            // those that are ahead, since one was taken
    // What is ahead comes last of all, unless another damaged entry leads away from it: what is
    // behind it in other files was passed over then.
    std::optional<SequenceNumber> met_;  // ahead, since all was read
    bool led_away_ = false;
    bool was_searched_later_ = false;  // than left_out_since_
    std::string looked_from_;          // the place of the last search for what was led away from
    std::optional<Place> taken_;       // the last entry that was taken and is in its place
    bool again_ = false;               // it was told before, and reading went back
    // From this place on numbers are left out, of which a file may tell late: a search from a later
    // place would pass over it.
    std::optional<Place> left_out_since_;
};

}  // namespace paws::forwarder
