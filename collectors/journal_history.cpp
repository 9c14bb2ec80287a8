// What runners had printed before: JournalCollector's way from a start to the present.

#include "collectors/journal.h"
#include "collectors/journal_terms.h"
#include "collectors/runner_log_fold.h"

#include <algorithm>
#include <chrono>
#include <utility>

namespace paws::collectors {

namespace {

using namespace std::chrono_literals;

constexpr std::size_t longest_introduction = 1'000;  // entries before the wrapper's first
constexpr auto look_back = 24h;                      // where systemd names no last start

}  // namespace

// Reads the beginning of that start until the wrapper has introduced itself.
Result<void> JournalCollector::find_wrapper(const std::vector<std::string>& terms,
                                            Track& track,
                                            const std::string& start) {
    auto done = journal_->match(terms);
    if (done) {
        done = journal_->seek_head();
    }
    for (std::size_t count = 0;
         done && count < longest_introduction && track.speaker.wrapper_of(start) == 0;
         ++count) {
        const auto more = journal_->next();
        if (!more) {
            return more.error();
        }
        if (!*more) {
            break;
        }
        track.speaker.speaks(entry());
    }
    return done;
}

// To the last entry that matches, up to that of `cursor`; false when there is none.
Result<bool> JournalCollector::go_to_last(const std::vector<std::string>& terms,
                                          const std::string& cursor) {
    if (auto matched = journal_->match(terms); !matched) {
        return matched.error();
    }
    if (cursor.empty()) {
        return false;
    }
    const auto sought = journal_->seek_last_to(cursor, 1);
    return sought && *sought ? journal_->next() : sought;
}

// Its cursor; empty when there is none.
Result<std::string> JournalCollector::last_up_to(const std::vector<std::string>& terms,
                                                 const std::string& cursor) {
    const auto there = go_to_last(terms, cursor);
    if (!there) {
        return there.error();
    }
    return *there ? journal_->cursor() : std::string{};
}

// The start of the unit that it is of; empty when there is none.
Result<std::string> JournalCollector::start_around(const std::string& unit,
                                                   const std::string& cursor) {
    const std::vector<std::string> terms{term("_SYSTEMD_UNIT", unit)};
    const auto there = go_to_last(terms, cursor);
    if (!there) {
        return there.error();
    }
    return *there ? entry().invocation : std::string{};
}

// Of that start only the wrapper's entries are looked at: nothing that a job writes can push them
// out of the history's bound.
Result<std::vector<std::string>> JournalCollector::history_terms(const std::string& unit,
                                                                 Track& track,
                                                                 const std::string& cursor) {
    std::vector<std::string> terms{term("_SYSTEMD_UNIT", unit)};
    if (track.invocation.empty()) {
        return terms;
    }
    const auto start = start_around(unit, cursor);
    if (!start) {
        return start.error();
    }
    if (start->empty()) {
        return terms;  // nothing is there up to the cursor
    }
    terms.push_back(term("_SYSTEMD_INVOCATION_ID", *start));
    if (auto found = find_wrapper(terms, track, *start); !found) {
        return found.error();
    }
    if (const int wrapper = track.speaker.wrapper_of(*start); wrapper != 0) {
        terms.push_back(term("_PID", std::to_string(wrapper)));
    }
    return terms;
}

// Up to where its lines are counted: a cursor, empty for nowhere.
std::string JournalCollector::counted_to(const Track& track) const {
    return track.log.counted_to.empty() ? origin_ : track.log.counted_to;
}

Result<void> JournalCollector::catch_up(const std::string& unit,
                                        Track& track,
                                        Budget& budget,
                                        const Now& now) {
    if (track.reading == Reading::history) {
        auto read = read_history(unit, track, budget, now);
        if (!read && read.error().code == Errc::malformed) {  // what was kept is no cursor
            (track.log.counted_to.empty() ? origin_ : track.log.counted_to) = position_;
            return {};
        }
        if (!read) {
            return read;
        }
    }
    if (auto read = read_rest(unit, track, budget); !read) {
        return read;
    }
    return is_live(track) ? read_hooks(unit, track) : Result<void>{};
}

// What the runner had said up to where its tally ends: it makes its state and counts no more.
Result<void> JournalCollector::read_history(const std::string& unit,
                                            Track& track,
                                            Budget& budget,
                                            const Now& now) {
    const auto tally = tally_of(track.log);
    track.log = {.counters = tally.counters,
                 .counted_to = tally.counted_to,
                 .given_up = tally.given_up,
                 .counters_known = track.log.counters_known};
    track.lines = {};
    track.reached = counted_to(track);
    const auto from = track.reached;
    track.changed = true;
    track.reading = Reading::rest;
    if (from.empty()) {
        return {};
    }
    const auto terms = history_terms(unit, track, from);
    const auto last = terms ? last_up_to(*terms, from) : Result<std::string>{terms.error()};
    const auto any =
        last ? journal_->seek_last_to(from, bounds_.history) : Result<bool>{last.error()};
    if (!any) {
        track.reading = Reading::history;
        return any.error();
    }
    bool more = *any;
    for (std::size_t read = 0; more && read < bounds_.history; ++read) {
        const auto there = journal_->next();
        if (!there) {
            return there.error();
        }
        if (!*there) {
            break;
        }
        budget.entries -= std::min<std::size_t>(budget.entries, 1);
        const auto line = entry();
        if (!track.invocation.empty() || now.wall - line.at <= look_back) {
            consume(track, line);
        }
        more = !journal_->is_at(*last);
    }
    track.log.counters = tally.counters;
    forget_told_jobs(track.log, &track.log);
    return {};
}

// One entry of the rest; false when there is none.
Result<bool> JournalCollector::read_next(Track& track, Budget& budget) {
    auto more = journal_->next();
    if (!more || !*more) {
        return more;
    }
    const auto line = entry();
    auto cursor = journal_->cursor();
    if (!cursor) {
        return cursor.error();
    }
    track.reached = std::move(*cursor);
    budget.bytes -= std::min(budget.bytes, line.message.size());
    if (consume(track, line)) {
        track.log.counted_to = track.reached;
    }
    return true;
}

// What came after, of all starts of the unit, up to where drain() goes on: so that none is counted
// twice or never. Others may come while it is read, which is why the last one is looked up first.
Result<void> JournalCollector::read_rest(const std::string& unit, Track& track, Budget& budget) {
    const std::vector<std::string> terms{term("_SYSTEMD_UNIT", unit), term("_TRANSPORT", "stdout")};
    const auto before = last_up_to(terms, track.reached);
    const auto last = before ? last_up_to(terms, position_) : before;
    if (!last) {
        return last.error();
    }
    if (*last == *before) {
        track.reading = Reading::live;
        return {};
    }
    auto sought =
        track.reached.empty() ? journal_->seek_head() : journal_->seek_past(track.reached);
    if (!sought) {
        return sought;
    }
    for (; budget.entries > 0 && budget.bytes > 0; --budget.entries) {
        const auto more = read_next(track, budget);
        if (!more) {
            return more.error();
        }
        if (!*more || track.reached == *last) {
            track.reading = Reading::live;
            return {};
        }
    }
    return {};
}

}  // namespace paws::collectors
