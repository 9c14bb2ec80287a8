#include "forwarder/journal_numbers.h"

#include <algorithm>

namespace paws::forwarder {

namespace {

std::uint64_t difference(std::int64_t before, std::int64_t now) {
    return now > before ? static_cast<std::uint64_t>(now) - static_cast<std::uint64_t>(before) : 0;
}

}  // namespace

void JournalNumbers::begin_after(const Number& number) {
    told_ = 0;
    places_.clear();
    if (number) {
        places_[number->id] = place_of(*number, 0);
    }
}

void JournalNumbers::see(const Number& next) {
    seen_losses_ = losses_;
    if (next && places_.empty()) {
        begin_after(SequenceNumber{.id = next->id, .number = next->number - 1});
    }
}

void JournalNumbers::lose_files(bool scattered) {
    ++losses_;
    is_scattered_ |= scattered;
}

JournalNumbers::Place JournalNumbers::place_of(const SequenceNumber& to,
                                               std::uint64_t beyond) const {
    const auto told = told_ - std::min(told_, beyond);
    return {.number = to.number,
            .distance = static_cast<std::int64_t>(to.number - told),
            .losses = losses_};
}

std::uint64_t JournalNumbers::missing(const Number& to, std::uint64_t beyond) const {
    const auto known = filtered_ || !to ? places_.end() : places_.find(to->id);
    const bool goes_on = known != places_.end() && known->second.number < to->number;
    return goes_on ? difference(known->second.distance, place_of(*to, beyond).distance) : 0;
}

void JournalNumbers::settle(const Number& to, std::uint64_t beyond, bool again) {
    if (filtered_ || !to) {
        return;
    }
    const auto now = place_of(*to, beyond);
    const auto known = places_.try_emplace(to->id, now);
    auto& place = known.first->second;
    if (known.second) {
        forget_oldest();
    } else if (now.number > place.number) {
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
