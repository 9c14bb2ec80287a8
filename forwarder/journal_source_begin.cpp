// Where a JournalSource begins to read.

#include "forwarder/journal_source.h"

#include <utility>

namespace paws::forwarder {

namespace {

// Damaged entries may be the last of all; this far back there is one that is in its place.
constexpr std::uint64_t most_at_the_end = 100;

// What others log between two lines that a filter takes. A number that is wild by less than that
// hides as many of their lines.
constexpr std::uint64_t most_left_out = std::uint64_t{1} << 32U;

}  // namespace

JournalSource::JournalSource(Intake& intake,
                             platform::JournalPlace place,
                             const JournalFilter& filter,
                             JournalBounds bounds)
    : intake_{intake},
      place_{std::move(place)},
      filter_{filter},
      bounds_{bounds},
      lines_{intake, filter},
      ahead_{filter.takes_all() ? 0 : most_left_out},
      numbers_{intake, !filter.takes_all()} {}

Result<void> JournalSource::open(const Position& from, const Beginning& beginning, WallTime now) {
    beginning_ = beginning;
    left_out_since_.reset();
    auto journal = platform::SdJournal::open(place_);
    if (!journal) {
        return journal.error();
    }
    journal_ = std::move(*journal);
    census_ = take_census();
    journal_->set_longest_field(bounds_.longest_line);
    auto done = from.cursor.empty() ? begin(now) : go_to(from);
    if (!done) {
        journal_.reset();
    }
    return done;
}

Result<void> JournalSource::narrow() {
    return journal_->match_any(match_lists(filter_));
}

// The entry of the position may be one that is not wanted, or not any more: it is looked for among
// all.
Result<void> JournalSource::go_to(const Position& from) {
    if (auto sought = journal_->seek_after(from.cursor); !sought) {
        return sought;
    }
    taken_ = Place{.entry = entry_place(from.cursor), .at = from.read.value_or(WallTime{})};
    numbers_.begin_after(taken_->entry.order);
    ahead_.begin_after(from.cursor);
    const bool is_there = journal_->is_at(from.cursor);
    if (filter_.takes_all()) {
        // Files may be gone that nobody remembers; of one sequence the oldest go first.
        if (!is_there || !census_.one_sequence) {
            numbers_.lose_files(!census_.one_sequence);
        }
        return {};
    }
    if (!is_there) {
        intake_.found_gap();  // how much of it was wanted nobody knows
    }
    const auto narrowed = narrow();
    return narrowed ? journal_->seek_after(from.cursor) : narrowed;
}

// Where it begins is a place to go on from, also when nothing is logged for long, or nothing that
// is wanted.
Result<void> JournalSource::begin(WallTime now) {
    taken_.reset();
    numbers_.begin_after({});
    ahead_.begin_after({});
    if (beginning_.at == Beginning::At::now) {
        if (auto looked = look_for_last(now); !looked) {
            return looked;
        }
    }
    if (auto narrowed = narrow(); !narrowed) {
        return narrowed;
    }
    return go_on();
}

// The last entry that is in its place; those that are ahead stand behind it. If all are, a clock
// was wrong: the last of them.
Result<void> JournalSource::look_for_last(WallTime now) {
    if (auto sought = journal_->seek_last(most_at_the_end); !sought) {
        return sought;
    }
    std::optional<Place> last;
    auto there = journal_->next();
    for (; there && *there; there = journal_->next()) {
        auto place = here();
        if (!place) {
            return place.error();
        }
        last = std::move(*place);
        const auto rank = ahead_.rank(last->entry, now);
        ahead_.pass(last->entry, rank);
        taken_ = rank == JournalAhead::Rank::in_place ? last : taken_;
    }
    if (!taken_ && last) {
        taken_ = std::move(last);
        ahead_.begin_after(taken_->entry.cursor);
    }
    look_for_missing();
    return there ? Result<void>{} : Result<void>{there.error()};
}

}  // namespace paws::forwarder
