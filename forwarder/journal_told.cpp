#include "forwarder/journal_told.h"

#include <algorithm>

namespace paws::forwarder {

namespace {

// Runs that close a gap between two numbers.
constexpr int most_between = 16;

}  // namespace

// By its number alone one whose number is wild by little would seem to be an older one, and one of
// a sequence that is numbered apart as well.
bool JournalTold::Run::has(const EntryOrder& entry) const {
    const auto number = entry.sequence.number;
    return number >= first && number <= last && entry.sequence.id == id &&
           (is_before(entry.clocks, until) || (entry.clocks == until && number >= moment));
}

bool JournalTold::has(const EntryOrder& entry) const {
    return std::any_of(
        runs_.rbegin(), runs_.rend(), [&](const Run& run) { return run.has(entry); });
}

bool JournalTold::has_between(std::uint64_t number, const EntryOrder& later) const {
    const auto end = later.sequence.number;
    for (int runs = 0; runs < most_between && number + 1 < end; ++runs) {
        const auto before = number;
        for (const auto& run : runs_) {
            if (run.first <= before + 1 && run.last > number &&
                run.until.boot == later.clocks.boot) {
                number = run.last;
            }
        }
        if (number == before) {
            return false;
        }
    }
    return number + 1 >= end;
}

void JournalTold::add(const EntryOrder& entry) {
    const auto& id = entry.sequence.id;
    const auto number = entry.sequence.number;
    const bool is_news = !has(entry);
    series_ += is_news && number == last_ + unseen_ + 1 ? 0 : 1;
    last_ = number;
    unseen_ = 0;
    if (!is_news) {
        return;
    }
    const auto mine = std::find_if(runs_.rbegin(), runs_.rend(), [&](const Run& run) {
        return run.series != series_ || run.id == id;
    });
    if (mine == runs_.rend() || mine->series != series_ || is_before(entry.clocks, mine->until)) {
        runs_.push_back({.id = id,
                         .first = number,
                         .last = number,
                         .until = entry.clocks,
                         .moment = number,
                         .series = series_});
        if (runs_.size() > most_runs) {
            runs_.pop_front();
        }
        return;
    }
    mine->moment = mine->until == entry.clocks ? mine->moment : number;
    mine->last = number;
    mine->until = entry.clocks;
}

}  // namespace paws::forwarder
