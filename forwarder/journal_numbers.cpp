#include "forwarder/journal_numbers.h"

#include <algorithm>
#include <utility>

namespace paws::forwarder {

void JournalNumbers::begin_after(const Number& number) {
    from_ = number;
    taken_ = 0;
    gap_possible_ = false;
}

void JournalNumbers::see(const Number& next) {
    if (!need_next()) {
        return;
    }
    const bool compare = std::exchange(gap_possible_, false) && from_ && next;
    const auto expected = compare ? from_->number + taken_ + 1 : 0;
    if (compare && next->id == from_->id && next->number > expected) {
        intake_.found_gap();
        intake_.lost(LogLoss::vacuumed, next->number - expected);
    }
    if (next) {  // it is counted itself when it is taken
        from_ = SequenceNumber{.id = next->id, .number = next->number - 1};
        taken_ = 0;
    }
}

// How many numbers there are after the first up to and with this one; 0 where they are not of one
// count.
std::uint64_t JournalNumbers::span(const Number& to) const {
    const bool compare = to && from_ && from_->id == to->id && from_->number < to->number;
    return compare ? to->number - from_->number : 0;
}

std::uint64_t JournalNumbers::missing(const Number& to, std::uint64_t beyond) const {
    const auto told = taken_ - std::min(taken_, beyond);
    const auto numbers = filtered_ ? 0 : span(to);
    return numbers - std::min(numbers, told);
}

// One that was taken ahead of its place counts where its place is.
void JournalNumbers::settle(const Number& to, std::uint64_t beyond, LogLoss why) {
    if (to == from_) {
        return;
    }
    if (const auto lost = missing(to, beyond); lost > 0) {
        if (why == LogLoss::vacuumed) {
            intake_.found_gap();
        }
        intake_.lost(why, lost);
    }
    const auto numbers = span(to);
    const auto told = taken_ - std::min(taken_, beyond);
    taken_ = std::min(taken_, beyond) + (numbers > 0 ? told - std::min(told, numbers) : 0);
    from_ = to;
}

}  // namespace paws::forwarder
