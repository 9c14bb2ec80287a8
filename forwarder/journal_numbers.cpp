#include "forwarder/journal_numbers.h"

#include <algorithm>

namespace paws::forwarder {

namespace {

std::uint64_t difference(std::int64_t before, std::int64_t now) {
    return now > before ? static_cast<std::uint64_t>(now) - static_cast<std::uint64_t>(before) : 0;
}

}  // namespace

void JournalNumbers::begin_after(const Entry& entry) {
    told_ = 0;
    places_.clear();
    newest_.reset();
    if (entry) {
        places_[entry->sequence.id] = place_of(*entry, 0);
        newest_ = entry;
    }
}

void JournalNumbers::see(const Entry& next) {
    seen_losses_ = losses_;
    if (next && places_.empty()) {
        auto before = *next;
        --before.sequence.number;
        begin_after(before);
    }
}

void JournalNumbers::lose_files(bool scattered) {
    ++losses_;
    is_scattered_ |= scattered;
}

// It is counted already: as told, by what was read again, or as lost.
bool JournalNumbers::is_late(const EntryOrder& entry) const {
    return newest_ && entry.sequence.number <= newest_->sequence.number &&
           is_before(entry.clocks, newest_->clocks);
}

void JournalNumbers::take(const Entry& entry) {
    if (!entry || !is_late(*entry)) {
        ++told_;
    }
}

JournalNumbers::Place JournalNumbers::place_of(const EntryOrder& to, std::uint64_t beyond) const {
    const auto told = told_ - std::min(told_, beyond);
    return {.number = to.sequence.number,
            .distance = static_cast<std::int64_t>(to.sequence.number - told),
            .losses = losses_};
}

std::uint64_t JournalNumbers::missing(const Entry& to, std::uint64_t beyond) const {
    const auto known = filtered_ || !to ? places_.end() : places_.find(to->sequence.id);
    const bool goes_on = known != places_.end() && known->second.number < to->sequence.number;
    return goes_on ? difference(known->second.distance, place_of(*to, beyond).distance) : 0;
}

// The first place of a sequence is none when it is late: those after it were told before it.
void JournalNumbers::settle(const Entry& to, std::uint64_t beyond, bool again) {
    if (filtered_ || !to) {
        return;
    }
    const auto now = place_of(*to, beyond);
    const bool late = is_late(*to);
    if (const auto known = places_.find(to->sequence.id); known != places_.end()) {
        go_on(known->second, now, again);
        newest_ = late ? newest_ : to;
    } else if (!late) {
        places_[to->sequence.id] = now;
        forget_oldest();
    }
}

void JournalNumbers::go_on(Place& place, const Place& now, bool again) {
    if (now.number > place.number) {
        count(place, now);
        place = {.number = now.number, .distance = place.distance, .losses = losses_};
    } else if (now.number < place.number && !again) {
        place = now;  // what it was is wild
    }
}

// Sequences that were met first after what was lost did not know of it.
void JournalNumbers::count(const Place& before, const Place& now) {
    const auto lost = difference(before.distance, now.distance);
    if (lost == 0) {
        return;
    }
    const bool vacuumed = is_scattered_ || before.losses != losses_;
    if (vacuumed) {
        intake_.found_gap();
    }
    intake_.lost(vacuumed ? LogLoss::vacuumed : LogLoss::unreadable, lost);
    told_ += lost;
    for (auto& [id, place] : places_) {
        if (place.distance <= now.distance) {
            place.distance = std::min(place.distance, before.distance);
        }
    }
}

void JournalNumbers::forget_oldest() {
    if (places_.size() > most_sequences) {
        places_.erase(std::ranges::min_element(
            places_, {}, [](const auto& known) { return known.second.number; }));
    }
}

}  // namespace paws::forwarder
