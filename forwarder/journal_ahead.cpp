#include "forwarder/journal_ahead.h"

#include <algorithm>
#include <chrono>
#include <limits>
#include <utility>

namespace paws::forwarder {

namespace {

// Microseconds. Both clocks of a host go alike; its wall clock is slewed and set back now and then.
constexpr std::int64_t most_drift = 1'000'000;
// What is logged while others are read is newer than the time that reading began.
constexpr std::int64_t most_ahead_of_now = 60'000'000;
// journald gives lines that it takes at once the same time; no more of them come after this.
constexpr std::int64_t longest_moment = 2'000'000;

// b - a, or the end of what can be said.
std::int64_t difference(std::uint64_t a, std::uint64_t b) {
    static constexpr auto most =
        static_cast<std::uint64_t>(std::numeric_limits<std::int64_t>::max());
    const auto bounded = [](std::uint64_t span) {
        return static_cast<std::int64_t>(std::min(span, most));
    };
    return b >= a ? bounded(b - a) : -bounded(a - b);
}

using Clocks = JournalAhead::Clocks;

// CLOCK_MONOTONIC of one boot went on by more than the wall clock did.
bool outran_the_wall(const Clocks& before, const Clocks& entry) {
    const auto went_on = difference(before.monotonic, entry.monotonic);
    return entry.boot == before.boot && went_on > most_drift &&
           went_on - most_drift > difference(before.realtime, entry.realtime);
}

bool goes_on(const Clocks& before, const Clocks& entry) {
    return entry.boot == before.boot && entry.monotonic >= before.monotonic &&
           entry.realtime >= before.realtime && !outran_the_wall(before, entry);
}

// Whatever their sequences, those of one host are numbered together. Where they are not, one that
// seems to leap is as one after a gap.
bool leaps_in_number(const SequenceNumber& before,
                     const SequenceNumber& entry,
                     std::uint64_t most_unseen) {
    return entry.number > before.number && entry.number - before.number - 1 > most_unseen;
}

// An entry whose uptime is wild and that is told after those of other files, which seem to leap.
bool is_late(const EntryOrder& entry, const EntryOrder& before, const EntryOrder& in_place) {
    return entry.clocks.boot == before.clocks.boot &&
           entry.clocks.realtime < before.clocks.realtime &&
           entry.sequence.number <= in_place.sequence.number + 1;
}

// Microseconds.
std::int64_t ahead_of(WallTime now, const Clocks& entry) {
    const auto since_epoch =
        std::chrono::floor<std::chrono::microseconds>(now.time_since_epoch()).count();
    return difference(static_cast<std::uint64_t>(since_epoch), entry.realtime);
}

bool is_in_future(const Clocks& entry, WallTime now) {
    return ahead_of(now, entry) > most_ahead_of_now;
}

}  // namespace

bool JournalAhead::can_skim(const Clocks& clocks, WallTime now) const {
    const bool is_newest = !newest_ || !is_before(clocks, *newest_);
    return known_.empty() && in_place_ && !again_ && !repeats_ && is_newest &&
           skimmed_.size() < most_skimmed &&
           goes_on(skimmed_.empty() ? in_place_->clocks : skimmed_.back(), clocks) &&
           !is_in_future(clocks, now);
}

void JournalAhead::skim(const Clocks& clocks) {
    skimmed_.push_back(clocks);
    since_mark_.push_back(clocks);
    told_.skim();
    newest_ = clocks;
    beyond_ = nullptr;
}

std::optional<JournalAhead::Clocks> JournalAhead::last_skimmed() const {
    return skimmed_.empty() || is_beyond() || again_ ? std::nullopt
                                                     : std::optional{skimmed_.back()};
}

void JournalAhead::forget_last_skimmed() {
    skimmed_.pop_back();
    since_mark_.pop_back();
    told_.look_again();
}

bool JournalAhead::adds_up(const EntryPlace& entry, std::uint64_t told) const {
    return skimmed_.empty() || again_ ||
           (in_place_ && entry.order &&
            entry.order->sequence.number == in_place_->sequence.number + told);
}

bool JournalAhead::leaps_in_number_from(const EntryOrder& before, const EntryOrder& entry) const {
    return leaps_in_number(before.sequence, entry.sequence, most_unseen()) &&
           !told_.has_between(before.sequence.number, entry);
}

bool JournalAhead::leaves_out(const EntryPlace& entry) const {
    return in_place_ && entry.order && entry.order->clocks.boot == in_place_->clocks.boot &&
           leaps_in_number_from(*in_place_, *entry.order);
}

bool JournalAhead::leaps(const EntryOrder& entry) const {
    const auto leaps_from = [&](const std::optional<EntryOrder>& before) {
        return before && (outran_the_wall(before->clocks, entry.clocks) ||
                          leaps_in_number_from(*before, entry));
    };
    return leaps_from(passed_) && leaps_from(in_place_);
}

// Those of one moment in two files are told in whatever order.
bool JournalAhead::was_led_past(const EntryPlace& entry) {
    const bool shows = beyond_ != nullptr && in_place_ && passed_ && entry.order &&
                       leaps_in_number(in_place_->sequence, passed_->sequence, most_unseen()) &&
                       entry.order->sequence.id != passed_->sequence.id &&
                       entry.order->sequence.number < passed_->sequence.number &&
                       entry.order->clocks.monotonic != passed_->clocks.monotonic &&
                       !is_late(*entry.order, *passed_, *in_place_);
    return shows &&
           std::exchange(beyond_->led_past_from, in_place_->sequence) != in_place_->sequence;
}

bool JournalAhead::was_skimmed(const EntryOrder& entry) const {
    return again_ && std::ranges::count(skimmed_, entry.clocks) > 0;
}

JournalAhead::Rank JournalAhead::rank(const EntryPlace& entry, WallTime now) const {
    if (known_.contains(entry.cursor)) {
        return Rank::known;
    }
    const auto& order = entry.order;
    const bool taken = order && (was_skimmed(*order) || told_.has(*order));
    if (order && (is_in_future(order->clocks, now) || leaps(*order)) &&
        known_.size() < most_known) {
        return taken ? Rank::known : Rank::ahead;
    }
    return taken ? Rank::repeated : Rank::in_place;
}

bool JournalAhead::pass(const EntryPlace& entry, Rank rank) {
    passed_ = entry.order;
    beyond_ = nullptr;
    repeats_ = rank == Rank::repeated;
    if (passed_) {
        remember(*passed_, rank);
    }
    if (rank == Rank::ahead || rank == Rank::known) {
        const auto known = known_.try_emplace(
            entry.cursor, Known{.sequence = passed_ ? passed_->sequence : SequenceNumber{}});
        beyond_ = &known.first->second;
        return rank == Rank::ahead;
    }
    in_place_ = passed_;
    if (rank == Rank::in_place || !again_) {
        forget_skimmed();
    }
    if (passed_ && !(newest_ && is_before(passed_->clocks, *newest_))) {
        newest_ = passed_->clocks;
    }
    again_ = again_ && !skimmed_.empty();
    if (in_place_ && !known_.empty()) {
        forget_before(in_place_->sequence);
    }
    return false;
}

void JournalAhead::remember(const EntryOrder& entry, Rank rank) {
    told_.add(entry);
    if (rank == Rank::in_place || rank == Rank::ahead) {
        since_mark_.push_back(entry.clocks);
    }
    if (was_skimmed(entry)) {
        skimmed_.erase(std::ranges::find(skimmed_, entry.clocks));
    }
}

// Between those that are told once more there may be others, which were left out before.
void JournalAhead::forget_skimmed() {
    if (!again_ || !passed_) {
        skimmed_.clear();
        return;
    }
    std::erase_if(skimmed_, [&](const Clocks& skimmed) {
        return skimmed.boot != passed_->clocks.boot ||
               skimmed.monotonic < passed_->clocks.monotonic;
    });
}

// Those that were in their places after all, and will not be told again.
void JournalAhead::forget_before(const SequenceNumber& place) {
    std::erase_if(known_, [&](const auto& known) {
        return known.second.sequence.id == place.id && known.second.sequence.number < place.number;
    });
}

void JournalAhead::go_back() {
    beyond_ = nullptr;
    again_ = !skimmed_.empty();
    told_.go_back();
}

void JournalAhead::mark() {
    marked_ = in_place_;
    since_mark_ = skimmed_;
}

void JournalAhead::go_back_to_mark() {
    in_place_ = marked_;
    passed_ = in_place_;
    skimmed_ = since_mark_;
    repeats_ = false;
}

std::optional<std::string> JournalAhead::go_around(WallTime now) {
    const auto skimmed = again_ ? 0 : skimmed_.size();
    const bool was_led_past = is_beyond() && beyond_->led_past_from;
    go_back();
    if (!in_place_ || !passed_) {
        return std::nullopt;
    }
    const bool leaps =
        leaps_in_number(in_place_->sequence, passed_->sequence, most_unseen_ + skimmed);
    const bool is_wild =
        leaps && (was_led_past || ahead_of(now, passed_->clocks) < -longest_moment);
    if (passed_->sequence.id != in_place_->sequence.id && !is_wild) {
        return std::nullopt;
    }
    // What is wild in it is left out, since a search by it leads to it again.
    auto place = *in_place_;
    if (skimmed > 0) {
        place.clocks = skimmed_.back();
    }
    if (!leaps) {
        place.sequence.number = std::max(place.sequence.number, passed_->sequence.number) + 1;
        return cursor_of(place);
    }
    if (passed_->clocks.boot == place.clocks.boot && !is_in_future(passed_->clocks, now) &&
        !outran_the_wall(place.clocks, passed_->clocks)) {
        place.clocks.monotonic = std::max(place.clocks.monotonic, passed_->clocks.monotonic);
        place.clocks.realtime = std::max(place.clocks.realtime, passed_->clocks.realtime);
    }
    ++place.clocks.monotonic;
    ++place.clocks.realtime;
    return cursor_by_time(place.clocks);
}

void JournalAhead::begin_after(const std::string& cursor) {
    in_place_ = entry_order(cursor);
    passed_ = in_place_;
    skimmed_.clear();
    again_ = false;
    beyond_ = nullptr;
    told_ = {};
    repeats_ = false;
    newest_.reset();
}

}  // namespace paws::forwarder
