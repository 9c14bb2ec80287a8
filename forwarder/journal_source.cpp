#include "forwarder/journal_source.h"

#include <algorithm>
#include <utility>

namespace paws::forwarder {

namespace {

// Of several sequences so many entries are looked at one by one after their numbers did not add up,
// which costs a second look at some, and after there was nothing more: those that were skimmed last
// of all are read again, and live lines are always the last.
constexpr std::size_t most_apart = 1'000;

constexpr int most_looks_at_files = 10;  // while journald makes some

}  // namespace

// So that the entry that next() went to will be next again. A step back would pass over what a file
// tells late.
Result<void> JournalSource::step_back() {
    if (left_out_since_) {
        journal_->stay();
        return {};
    }
    const auto there = journal_->previous();
    if (!there) {
        return there.error();
    }
    return *there ? Result<void>{} : go_on();
}

// When nothing was taken yet, there was nothing to begin after.
Result<void> JournalSource::go_on() {
    ahead_.go_back();
    was_searched_later_ = false;
    if (const auto& from = left_out_since_ ? left_out_since_ : taken_) {
        return journal_->seek_after(from->entry.cursor);
    }
    return beginning_.at == Beginning::At::time ? journal_->seek_time(beginning_.time)
                                                : journal_->seek_head();
}

Result<JournalSource::Place> JournalSource::here() const {
    auto cursor = journal_->cursor();
    if (!cursor) {
        return cursor.error();
    }
    auto entry = entry_place(std::move(*cursor));
    const auto at = entry.order ? entry.order->clocks.wall_time() : journal_->taken();
    return Place{.entry = std::move(entry), .at = at};
}

Result<void> JournalSource::process() {
    const auto changed = journal_->process();
    if (changed && *changed) {
        look_at_files();
    }
    return changed ? Result<void>{} : Result<void>{changed.error()};
}

void JournalSource::tell(Position& position) const {
    if (const auto& from = left_out_since_ ? left_out_since_ : taken_) {
        position.cursor = from->entry.cursor;
        position.read = from->at;
    }
}

// libsystemd knows all files of it, too: of one that was just made the next look tells.
platform::JournalCensus JournalSource::take_census() {
    auto census = platform::take_census(place_);
    for (int looks = 1; looks < most_looks_at_files; ++looks) {
        const auto changed = journal_->process();
        if (!changed || !*changed) {
            break;
        }
        census = platform::take_census(place_);
    }
    return census;
}

void JournalSource::look_at_files() {
    auto census = take_census();
    if (census.lacks_any_of(census_)) {
        numbers_.lose_files(!census_.one_sequence);
    }
    if (const auto first = census.first_since(census_)) {
        first_of_new_ = std::min(first_of_new_.value_or(*first), *first);
    }
    census_ = std::move(census);
}

// journald wipes what it removes under whoever has it open (252, fs-util.c: unlinkat_deallocate()):
// of entries that are wiped, and of whole files, libsystemd says that they are damaged, or nothing.
// So libsystemd has to let go of them.
void JournalSource::notice_lost_files() {
    if (journal_->process()) {
        look_at_files();
    }
}

void JournalSource::look_for_missing() {
    const auto to = taken_ ? taken_->entry.order : std::nullopt;
    const auto beyond = ahead_.skimmed();
    if (numbers_.missing(to, beyond) > 0) {
        notice_lost_files();
    }
    numbers_.settle(to, beyond, again_);
}

// With a filter others have the numbers; in one sequence the numbers are the order.
void JournalSource::look_for_left_out(const Place& place) {
    if (!left_out_since_ && !census_.one_sequence && filter_.takes_all() &&
        ahead_.leaves_out(place.entry)) {
        left_out_since_ = taken_;
        was_searched_later_ = false;
    }
}

void JournalSource::read_fields() {
    entry_.clear();
    entry_.whole = journal_->visit([this](std::string_view field) { entry_.see(field); });
    // The bound is one of the field with its name, where journald has compressed it.
    constexpr std::string_view name = "MESSAGE=";
    entry_.cut = entry_.message.size() + name.size() >= bounds_.longest_line;
    if (entry_.message.find('\0') != std::string::npos && is_wiped()) {
        entry_.clear();
        entry_.whole = false;
    }
}

// Zeros are left of a text that is wiped while it is read. Lines may have some of their own.
bool JournalSource::is_wiped() {
    const auto before = numbers_.losses();
    notice_lost_files();
    return numbers_.losses() != before;
}

bool JournalSource::must_wait(WallTime at, const Roster& roster, WallTime now) {
    // What was logged while others were read is newer than `now`.
    return now - at < bounds_.patience_for_job && at - now < bounds_.patience_for_job &&
           lines_.may_learn_job(entry_, at, roster);
}

void JournalSource::take(Batch& batch, WallTime at, const Roster& roster) {
    lines_.take(batch, entry_, at, roster);
    newest_ = std::max(newest_, at);
    looked_around_ = false;
}

void JournalSource::pass(Place place, JournalAhead::Rank rank) {
    if (ahead_.pass(place.entry, rank)) {
        looked_around_ = false;
        met_ = place.entry.sequence();
    } else if (met_ && rank == JournalAhead::Rank::in_place) {
        const auto sequence = place.entry.sequence();
        led_away_ |= !sequence || sequence->id != met_->id;
    }
    if (rank == JournalAhead::Rank::in_place || rank == JournalAhead::Rank::repeated) {
        taken_ = std::move(place);
        again_ = rank == JournalAhead::Rank::repeated;
    }
}

bool JournalSource::can_skim(const platform::EntryClocks& clocks, WallTime now) const {
    return !numbers_.need_next() && ahead_.can_skim(clocks, now);
}

Read JournalSource::skim(Batch& batch,
                         const platform::EntryClocks& clocks,
                         const Roster& roster,
                         WallTime now) {
    read_fields();
    if (must_wait(clocks.wall_time(), roster, now)) {
        return Read::held;
    }
    take(batch, clocks.wall_time(), roster);
    numbers_.skim();
    ahead_.skim(clocks);
    return Read::more;
}

Result<Read> JournalSource::weigh(Batch& batch, const Roster& roster, WallTime now) {
    auto place = here();
    if (!place) {
        return place.error();
    }
    const bool adds_up = census_.one_sequence || ahead_.next_adds_up(place->entry);
    if (!adds_up || ahead_.was_led_past(place->entry)) {
        apart_ = most_apart;
        look_for_left_out(*place);
        const auto sought = adds_up ? go_around(now) : go_on();
        return sought ? Result{Read::more} : Result<Read>{sought.error()};
    }
    const auto rank = ahead_.rank(place->entry, now);
    if (rank == JournalAhead::Rank::in_place || rank == JournalAhead::Rank::ahead) {
        read_fields();
        if (must_wait(place->at, roster, now)) {
            return Read::held;
        }
        if (rank == JournalAhead::Rank::in_place) {
            numbers_.see(place->entry.order);
        }
        look_for_left_out(*place);
        take(batch, place->at, roster);
        numbers_.take(place->entry.order);
    }
    pass(std::move(*place), rank);
    return Read::more;
}

// One entry; `more` when it was passed.
Result<Read> JournalSource::read_entry(Batch& batch, const Roster& roster, WallTime now) {
    const auto there = journal_->next();
    if (!there) {
        return there.error();
    }
    if (!*there) {
        return Read::caught_up;
    }
    if (census_.one_sequence || (filter_.takes_all() && apart_ == 0)) {
        const auto clocks = journal_->clocks();
        if (clocks && can_skim(*clocks, now)) {
            return skim(batch, *clocks, roster, now);
        }
    }
    apart_ -= std::min<std::size_t>(apart_, 1);
    return weigh(batch, roster, now);
}

// The last entry that was passed is where reading goes on, also when it was skimmed. False when
// that is not where the journal stands: what is ahead leads it past entries that it does not tell
// of. Nothing that comes after the last of all can show what is wild in those before.
bool JournalSource::settle(bool is_last, WallTime now) {
    const auto skimmed = ahead_.last_skimmed();
    if (!skimmed) {
        return true;
    }
    const auto clocks = journal_->clocks();
    auto place = here();
    const bool adds_up =
        census_.one_sequence || (!is_last && place && ahead_.last_adds_up(place->entry));
    if (!clocks || *clocks != *skimmed || !place || !adds_up) {
        apart_ = most_apart;
        if (place) {
            look_for_left_out(*place);
        }
        return false;
    }
    ahead_.forget_last_skimmed();
    const auto rank = ahead_.rank(place->entry, now);
    pass(std::move(*place), rank);
    return true;
}

Result<void> JournalSource::go_around(WallTime now) {
    was_searched_later_ = true;
    const auto around = ahead_.go_around(now);
    return around ? journal_->seek(*around) : go_on();
}

// Where a search leads back to what was read, it must not be made from there for ever.
bool JournalSource::is_new_place() {
    const auto cursor = taken_ ? taken_->entry.cursor : std::string{};
    return std::exchange(looked_from_, cursor) != cursor;
}

// Nothing more is told: what damaged entries led past is looked for.
Result<Read> JournalSource::look_behind(WallTime now) {
    auto outcome = Read::caught_up;
    Result<void> sought;
    if (!was_searched_later_) {
        left_out_since_.reset();
    }
    if (!left_out_since_ && ahead_.is_beyond()) {
        sought = go_around(now);
        outcome = std::exchange(looked_around_, true) ? Read::caught_up : Read::more;
    } else if (left_out_since_ || (std::exchange(led_away_, false) && is_new_place())) {
        sought = go_on();
        outcome = Read::more;
    }
    if (outcome == Read::caught_up) {
        met_.reset();
        numbers_.reach_end();
    }
    return sought ? Result{outcome} : Result<Read>{sought.error()};
}

Result<Read> JournalSource::read_entries(Batch& batch,
                                         const BatchBounds& bounds,
                                         const Roster& roster,
                                         WallTime now) {
    auto outcome = Result{Read::more};
    for (std::size_t entries = 0; entries < bounds_.entries && outcome && *outcome == Read::more;
         ++entries) {
        outcome = batch.is_full(bounds) ? Result{Read::full} : read_entry(batch, roster, now);
    }
    return outcome;
}

// A file may come while others are read, whose newest entries are seen at once, with entries from
// before those: libsystemd would not tell of them any more.
bool JournalSource::passed_by_file() {
    return process() && first_of_new_ && *first_of_new_ <= newest_;
}

Result<void> JournalSource::go_back_to(std::optional<Place> place) {
    taken_ = std::move(place);
    ahead_.go_back_to_mark();
    return go_on();
}

Result<Read> JournalSource::read_on(Batch& batch,
                                    const BatchBounds& bounds,
                                    const Roster& roster,
                                    WallTime now) {
    auto began = taken_;
    ahead_.mark();
    first_of_new_.reset();
    const auto outcome = read_entries(batch, bounds, roster, now);
    if (passed_by_file()) {
        const auto gone_back = go_back_to(std::move(began));
        return gone_back ? Result{Read::more} : Result<Read>{gone_back.error()};
    }
    const bool is_held = outcome && *outcome == Read::held;
    const bool is_last = outcome && *outcome == Read::caught_up;
    const auto stays = is_held ? step_back() : Result<void>{};
    const bool stands = settle(is_last, now);
    look_for_missing();
    if (outcome && !stands) {
        const auto sought = go_on();
        return sought ? Result{Read::more} : Result<Read>{sought.error()};
    }
    if (is_last) {
        apart_ = most_apart;
        return look_behind(now);
    }
    return stays ? outcome : Result<Read>{stays.error()};
}

Result<Read> JournalSource::read(Batch& batch,
                                 const BatchBounds& bounds,
                                 const Roster& roster,
                                 WallTime now) {
    const auto before = numbers_.losses();
    auto outcome = read_on(batch, bounds, roster, now);
    if (!outcome) {
        notice_lost_files();
    }
    if (outcome || numbers_.losses() == before) {
        return outcome;
    }
    const auto sought = go_on();
    if (sought && !filter_.takes_all()) {
        intake_.found_gap();
    }
    return sought ? Result{Read::more} : Result<Read>{sought.error()};
}

}  // namespace paws::forwarder
