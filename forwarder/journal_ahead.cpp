#include "forwarder/journal_ahead.h"

#include <algorithm>
#include <chrono>
#include <limits>

namespace paws::forwarder {

namespace {

// Microseconds. Both clocks of a host go alike; its wall clock is slewed and set back now and then.
constexpr std::int64_t most_drift = 1'000'000;
// What is logged while others are read is newer than the time that reading began.
constexpr std::int64_t most_ahead_of_now = 60'000'000;

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

bool leaps_in_sequence(const SequenceNumber& before,
                       const SequenceNumber& entry,
                       std::uint64_t most_unseen) {
    return entry.id == before.id && entry.number > before.number &&
           entry.number - before.number - 1 > most_unseen;
}

bool is_in_future(const Clocks& entry, WallTime now) {
    const auto since_epoch =
        std::chrono::floor<std::chrono::microseconds>(now.time_since_epoch()).count();
    return difference(static_cast<std::uint64_t>(since_epoch), entry.realtime) > most_ahead_of_now;
}

}  // namespace

bool JournalAhead::can_skim(const Clocks& clocks, WallTime now) const {
    return known_.empty() && in_place_ && !again_ && skimmed_.size() < most_skimmed &&
           goes_on(skimmed_.empty() ? in_place_->clocks : skimmed_.back(), clocks) &&
           !is_in_future(clocks, now);
}

void JournalAhead::skim(const Clocks& clocks) {
    skimmed_.push_back(clocks);
    beyond_ = false;
}

std::optional<JournalAhead::Clocks> JournalAhead::last_skimmed() const {
    return skimmed_.empty() || beyond_ || again_ ? std::nullopt : std::optional{skimmed_.back()};
}

bool JournalAhead::leaps(const EntryOrder& entry) const {
    const auto leaps_from = [&](const std::optional<EntryOrder>& before) {
        return before && (outran_the_wall(before->clocks, entry.clocks) ||
                          leaps_in_sequence(before->sequence, entry.sequence, most_unseen()));
    };
    return leaps_from(passed_) && leaps_from(in_place_);
}

bool JournalAhead::was_skimmed(const EntryOrder& entry) const {
    return again_ && std::ranges::count(skimmed_, entry.clocks) > 0;
}

JournalAhead::Rank JournalAhead::rank(const EntryPlace& entry, WallTime now) const {
    if (known_.contains(entry.cursor)) {
        return Rank::known;
    }
    const auto& order = entry.order;
    const bool taken = order && was_skimmed(*order);
    if (order && (is_in_future(order->clocks, now) || leaps(*order)) &&
        known_.size() < most_known) {
        return taken ? Rank::known : Rank::ahead;
    }
    return taken ? Rank::repeated : Rank::in_place;
}

bool JournalAhead::pass(const EntryPlace& entry, Rank rank) {
    passed_ = entry.order;
    beyond_ = rank == Rank::ahead || rank == Rank::known;
    if (passed_ && was_skimmed(*passed_)) {
        skimmed_.erase(std::ranges::find(skimmed_, passed_->clocks));
    }
    if (beyond_) {
        return known_.try_emplace(entry.cursor, passed_ ? passed_->sequence : SequenceNumber{})
            .second;
    }
    in_place_ = passed_;
    if (rank == Rank::in_place) {
        skimmed_.clear();
    }
    again_ = again_ && !skimmed_.empty();
    if (in_place_ && !known_.empty()) {
        forget_before(in_place_->sequence);
    }
    return false;
}

// Those that were in their places after all, and will not be told again.
void JournalAhead::forget_before(const SequenceNumber& place) {
    std::erase_if(known_, [&](const auto& known) {
        return known.second.id == place.id && known.second.number < place.number;
    });
}

void JournalAhead::go_back() {
    beyond_ = false;
    again_ = !skimmed_.empty();
}

std::optional<std::string> JournalAhead::go_around(WallTime now) {
    const auto most = most_unseen();
    go_back();
    if (!in_place_ || !passed_ || passed_->sequence.id != in_place_->sequence.id) {
        return std::nullopt;
    }
    // What is wild in it is left out, since a search by it leads to it again.
    auto place = *in_place_;
    if (!skimmed_.empty()) {
        place.clocks = skimmed_.back();
    }
    if (!leaps_in_sequence(place.sequence, passed_->sequence, most)) {
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
    again_ = beyond_ = false;
}

}  // namespace paws::forwarder
