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

// CLOCK_MONOTONIC of one boot went on by more than the wall clock did.
bool outran_the_wall(const EntryOrder& before, const EntryOrder& entry) {
    const auto went_on = difference(before.monotonic, entry.monotonic);
    return entry.boot == before.boot && went_on > most_drift &&
           went_on - most_drift > difference(before.realtime, entry.realtime);
}

bool leaps_in_sequence(const EntryOrder& before,
                       const EntryOrder& entry,
                       std::uint64_t most_unseen) {
    const auto& [id, number] = entry.sequence;
    return id == before.sequence.id && number > before.sequence.number &&
           number - before.sequence.number - 1 > most_unseen;
}

bool is_in_future(const EntryOrder& entry, WallTime now) {
    const auto since_epoch =
        std::chrono::floor<std::chrono::microseconds>(now.time_since_epoch()).count();
    return difference(static_cast<std::uint64_t>(since_epoch), entry.realtime) > most_ahead_of_now;
}

}  // namespace

bool JournalAhead::leaps(const EntryOrder& entry) const {
    const auto leaps_from = [&](const std::optional<EntryOrder>& before) {
        return before &&
               (outran_the_wall(*before, entry) || leaps_in_sequence(*before, entry, most_unseen_));
    };
    return leaps_from(passed_) && leaps_from(in_place_);
}

JournalAhead::Rank JournalAhead::rank(const std::string& cursor, WallTime now) const {
    if (known_.contains(cursor)) {
        return Rank::known;
    }
    const auto entry = entry_order(cursor);
    const bool ahead = entry && (is_in_future(*entry, now) || leaps(*entry));
    return ahead && known_.size() < most_known ? Rank::ahead : Rank::in_place;
}

void JournalAhead::pass(const std::string& cursor, Rank rank) {
    passed_ = entry_order(cursor);
    beyond_ = rank != Rank::in_place;
    if (beyond_) {
        known_.try_emplace(cursor, passed_ ? passed_->sequence : SequenceNumber{});
        return;
    }
    in_place_ = passed_;
    if (in_place_ && !known_.empty()) {
        forget_before(in_place_->sequence);
    }
}

// Those that were in their places after all, and will not be told again.
void JournalAhead::forget_before(const SequenceNumber& place) {
    std::erase_if(known_, [&](const auto& known) {
        return known.second.id == place.id && known.second.number < place.number;
    });
}

std::optional<std::string> JournalAhead::go_around(WallTime now) {
    beyond_ = false;
    if (!in_place_ || !passed_ || passed_->sequence.id != in_place_->sequence.id) {
        return std::nullopt;
    }
    // What is wild in it is left out, since a search by it leads to it again.
    auto place = *in_place_;
    if (!leaps_in_sequence(*in_place_, *passed_, most_unseen_)) {
        place.sequence.number = std::max(place.sequence.number, passed_->sequence.number) + 1;
        return cursor_of(place);
    }
    if (passed_->boot == place.boot && !is_in_future(*passed_, now) &&
        !outran_the_wall(*in_place_, *passed_)) {
        place.monotonic = std::max(place.monotonic, passed_->monotonic);
        place.realtime = std::max(place.realtime, passed_->realtime);
    }
    ++place.monotonic;
    ++place.realtime;
    return cursor_by_time(place);
}

void JournalAhead::begin_after(const std::string& cursor) {
    in_place_ = entry_order(cursor);
    passed_ = in_place_;
    beyond_ = false;
}

}  // namespace paws::forwarder
