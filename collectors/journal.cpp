#include "collectors/journal.h"

#include "collectors/runner_log_fold.h"
#include "core/snapshot.h"
#include "core/text.h"

#include <algorithm>
#include <chrono>
#include <memory>
#include <set>
#include <utility>

namespace paws::collectors {

namespace {

using namespace std::chrono_literals;

constexpr std::size_t longest_introduction = 1'000;  // entries before the wrapper's first
constexpr std::size_t most_gone = 256;               // runners that may come back
constexpr auto look_back = 24h;                      // where systemd names no last start
constexpr auto silence_after_start = 3min;           // then stdout goes elsewhere

std::string term(std::string_view field, std::string_view value) {
    return std::string{field} + "=" + std::string{value};
}

// A unit that runs for long and has no line in the journal: they were vacuumed, or its stdout goes
// elsewhere. An empty log would say that the runner does not listen; no log says that we know not.
bool is_silent(const Runner& runner, const Now& now) {
    if (!runner.unit_state.value) {
        return true;
    }
    const auto& unit = *runner.unit_state.value;
    return unit.active_state == "active" && unit.active_enter &&
           now.wall - *unit.active_enter > silence_after_start;
}

bool has_worker(const ProcessTree& tree) {
    const auto count = tree.counts.find(ProcessRole::worker);
    return count != tree.counts.end() && count->second > 0;
}

struct Told {
    std::string runner;
    std::optional<RunnerLog> log;  // absent: as before
};

void hand_over(std::vector<Told>& told, Facts& draft, const Now& now) {
    for (auto& [name, log] : told) {
        auto* runner = find_runner(draft, name);
        if (runner == nullptr) {
            continue;
        }
        if (log) {
            runner->log.value = std::move(log);
        }
        runner->log.taken = now;
    }
}

}  // namespace

JournalCollector::JournalCollector(const Options& options, JournalBounds bounds)
    : place_{.root = options.root.path(),
             .directory = options.journal_directory,
             .name_space = options.journal_namespace},
      bounds_{bounds},
      before_{options.tallies.value_or(Tallies{})},
      whole_{options.tallies.has_value()} {}

int JournalCollector::fd() const {
    return journal_ ? journal_->fd() : -1;
}

bool JournalCollector::stirred() {
    if (!journal_) {
        return false;
    }
    Budget budget{.entries = bounds_.entries, .bytes = bounds_.bytes};
    const auto told = drain(budget);
    if (!told) {
        journal_.reset();
    }
    return !told || *told;
}

Result<Fill> JournalCollector::collect(const Facts& seen, const Now& now) {
    follow(seen);
    miss_workers(seen, now);
    auto done = open();
    if (done) {
        done = read(now);
    }
    if (!done) {
        journal_.reset();
        return done.error();
    }
    return fill(seen, now);
}

Result<void> JournalCollector::open() {
    if (journal_) {
        return {};
    }
    auto journal = platform::SdJournal::open(place_);
    if (!journal) {
        return journal.error();
    }
    journal_ = std::move(*journal);
    aimed_ = false;
    if (placed_) {
        return {};
    }
    if (auto sought = journal_->seek_last(1); !sought) {
        return sought;
    }
    const auto there = journal_->next();
    if (!there) {
        return there.error();
    }
    if (*there) {
        auto cursor = journal_->cursor();
        if (!cursor) {
            return cursor.error();
        }
        position_ = *cursor;
    }
    origin_ = before_.origin.value_or(position_);
    placed_ = true;
    return {};
}

void JournalCollector::follow(const Facts& seen) {
    std::set<std::string_view> there;
    for (const auto& runner : seen.runners) {
        if (runner.unit.empty()) {
            continue;
        }
        there.insert(runner.unit);
        auto& track = track_of(runner.unit);
        forget_told_jobs(track.log, runner.log.value ? &*runner.log.value : nullptr);
        if (track.speaker.learn(runner) && track.reading != Reading::history) {
            track.reading = Reading::history;
            aimed_ = false;
        }
        if (runner.unit_state.value) {
            track.invocation = runner.unit_state.value->invocation_id;
        }
    }
    const auto gone = std::erase_if(tracks_, [&](const auto& track) {
        const bool is_gone = !there.contains(track.first);
        if (is_gone && before_.by_unit.size() < most_gone) {  // it may come back
            before_.by_unit.insert_or_assign(track.first, tally_of(track.second.log));
        }
        return is_gone;
    });
    aimed_ = aimed_ && gone == 0;
}

JournalCollector::Track& JournalCollector::track_of(const std::string& unit) {
    const auto [found, is_new] = tracks_.try_emplace(unit);
    auto& track = found->second;
    if (!is_new) {
        return track;
    }
    track.log.counters_known = whole_;
    if (const auto tally = before_.by_unit.extract(unit)) {
        track.log.counters = std::move(tally.mapped().counters);
        track.log.counted_to = std::move(tally.mapped().counted_to);
        track.log.given_up = std::move(tally.mapped().given_up);
    }
    return track;
}

// A job whose worker has been gone for long is over, though its runner may never say so.
void JournalCollector::miss_workers(const Facts& seen, const Now& now) {
    for (const auto& runner : seen.runners) {
        const auto found = tracks_.find(runner.unit);
        if (found == tracks_.end()) {
            continue;
        }
        auto& track = found->second;
        const auto* tree = fresh(runner.processes, now);
        const bool tells = tree != nullptr && tree->error.empty();
        if (!track.log.job || (tells && has_worker(*tree)) || track.reading != Reading::live) {
            track.workerless.reset();
        } else if (tells) {
            track.workerless = track.workerless.value_or(now.boot);
            if (now.boot - *track.workerless > longest_without_worker) {
                give_up_job(track.log, now.wall);
                track.changed = true;
            }
        }
    }
}

Result<void> JournalCollector::read(const Now& now) {
    Budget budget{.entries = bounds_.entries, .bytes = bounds_.bytes};
    if (auto told = drain(budget); !told) {
        return told.error();
    }
    for (auto& [unit, track] : tracks_) {
        if (track.reading == Reading::live || budget.entries == 0 || budget.bytes == 0) {
            continue;
        }
        aimed_ = false;
        if (auto caught_up = catch_up(unit, track, budget, now); !caught_up) {
            return caught_up;
        }
    }
    if (aimed_) {
        return {};
    }
    const auto told = drain(budget);  // what came after the histories
    return told ? Result<void>{} : Result<void>{told.error()};
}

// Matches the units whose history is read, and goes to where reading stopped.
Result<void> JournalCollector::aim() {
    if (aimed_) {
        return {};
    }
    std::vector<std::string> terms;
    for (const auto& [unit, track] : tracks_) {
        if (track.reading == Reading::live) {
            terms.push_back(term("_SYSTEMD_UNIT", unit));
        }
    }
    if (auto matched = journal_->match(terms); !matched) {
        return matched;
    }
    auto sought = position_.empty() ? journal_->seek_head() : journal_->seek_after(position_);
    aimed_ = sought.has_value();
    return sought;
}

// Reads what came since; true when a runner said something.
Result<bool> JournalCollector::drain(Budget& budget) {
    if (auto processed = journal_->process(); !processed) {
        return processed.error();
    }
    const bool any =
        std::ranges::any_of(tracks_, [](const auto& track) { return is_live(track.second); });
    if (!any) {
        return false;  // without a match every entry of the host would be read
    }
    if (auto aimed = aim(); !aimed) {
        return aimed.error();
    }
    bool told = false;
    bool moved = false;
    for (; budget.entries > 0 && budget.bytes > 0; --budget.entries) {
        const auto more = journal_->next();
        if (!more) {
            return more.error();
        }
        if (!*more) {
            break;
        }
        moved = true;
        const auto read = entry();
        const auto track = tracks_.find(read.unit);
        if (track != tracks_.end()) {
            const auto counted = count(track->second, read);
            if (!counted) {
                return counted.error();
            }
            told |= *counted;
        }
        budget.bytes -= std::min(budget.bytes, read.message.size());
    }
    if (moved) {
        auto cursor = journal_->cursor();
        if (!cursor) {
            return cursor.error();
        }
        position_ = std::move(*cursor);
    }
    return told || budget.entries == 0 || budget.bytes == 0;
}

JournalEntry JournalCollector::entry() const {
    JournalEntry read{.at = journal_->taken()};
    journal_->visit([&](std::string_view field, std::string_view value) {
        if (field == "MESSAGE") {
            read.message = value;
        } else if (field == "_SYSTEMD_UNIT") {
            read.unit = value;
        } else if (field == "_PID") {
            read.pid = parse_integer<int>(value).value_or(0);
        } else if (field == "_TRANSPORT") {
            read.transport = value;
        } else if (field == "_SYSTEMD_INVOCATION_ID") {
            read.invocation = value;
        } else if (field == "_STREAM_ID") {
            read.stream = value;
        } else if (field == "_LINE_BREAK") {
            read.broken = value != "eof";
        }
    });
    return read;
}

bool JournalCollector::consume(Track& track, const JournalEntry& entry) {
    if (!track.speaker.speaks(entry)) {
        return false;
    }
    if (std::exchange(track.lines_of, entry.pid) != entry.pid) {
        track.lines = {};
    }
    const auto event =
        track.lines.next({.text = entry.message, .at = entry.at, .broken = entry.broken});
    if (!event) {
        return false;
    }
    fold(track.log, *event, entry.at);
    track.heard = true;
    track.changed = true;
    return true;
}

// The tally and the place it is good for move together. Lines that say nothing need not be
// remembered: read again they say nothing again.
Result<bool> JournalCollector::count(Track& track, const JournalEntry& entry) {
    if (!consume(track, entry)) {
        return false;
    }
    auto cursor = journal_->cursor();
    if (!cursor) {
        return cursor.error();
    }
    track.log.counted_to = std::move(*cursor);
    return true;
}

// The cursor of the first entry after `cursor` that matches; empty when there is none.
Result<std::string> JournalCollector::first_after(const std::vector<std::string>& terms,
                                                  const std::string& cursor) {
    auto done = journal_->match(terms);
    if (done) {
        done = cursor.empty() ? journal_->seek_head() : journal_->seek_after(cursor);
    }
    if (!done) {
        return done.error();
    }
    const auto there = journal_->next();
    if (!there) {
        return there.error();
    }
    return *there ? journal_->cursor() : std::string{};
}

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

// The start of the unit that its newest entry up to `cursor` is of; empty when there is none.
Result<std::string> JournalCollector::start_around(const std::string& unit,
                                                   const std::string& cursor) {
    const std::vector<std::string> terms{term("_SYSTEMD_UNIT", unit)};
    if (auto matched = journal_->match(terms); !matched) {
        return matched.error();
    }
    const auto sought = journal_->seek_last_to(cursor, 1);
    if (!sought) {
        return sought.error();
    }
    const auto there = *sought ? journal_->next() : sought;
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
        const auto read = read_history(unit, track, budget, now);
        if (!read && read.error().code == Errc::malformed) {  // what was kept is no cursor
            (track.log.counted_to.empty() ? origin_ : track.log.counted_to) = position_;
            return {};
        }
        if (!read) {
            return read;
        }
    }
    return read_rest(unit, track, budget);
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
    const auto end = terms ? first_after(*terms, from) : Result<std::string>{terms.error()};
    const auto any =
        end ? journal_->seek_last_to(from, bounds_.history) : Result<bool>{end.error()};
    if (!any) {
        track.reading = Reading::history;
        return any.error();
    }
    for (std::size_t read = 0; *any && read < bounds_.history; ++read) {
        const auto more = journal_->next();
        if (!more) {
            return more.error();
        }
        if (!*more || (!end->empty() && journal_->is_at(*end))) {
            break;
        }
        budget.entries -= std::min<std::size_t>(budget.entries, 1);
        const auto line = entry();
        if (!track.invocation.empty() || now.wall - line.at <= look_back) {
            consume(track, line);
        }
    }
    track.log.counters = tally.counters;
    forget_told_jobs(track.log, &track.log);
    return {};
}

// What came after, of all starts of the unit, up to the entry that drain() would read next: so none
// is counted twice or never.
Result<void> JournalCollector::read_rest(const std::string& unit, Track& track, Budget& budget) {
    const std::vector<std::string> terms{term("_SYSTEMD_UNIT", unit), term("_TRANSPORT", "stdout")};
    const auto end = first_after(terms, position_);
    if (!end) {
        return end.error();
    }
    auto sought =
        track.reached.empty() ? journal_->seek_head() : journal_->seek_after(track.reached);
    if (!sought) {
        return sought;
    }
    for (; budget.entries > 0 && budget.bytes > 0; --budget.entries) {
        const auto more = journal_->next();
        if (!more) {
            return more.error();
        }
        if (!*more || (!end->empty() && journal_->is_at(*end))) {
            track.reading = Reading::live;
            return {};
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
    }
    return {};
}

Fill JournalCollector::fill(const Facts& seen, const Now& now) {
    std::vector<Told> told;
    for (const auto& runner : seen.runners) {
        const auto found = tracks_.find(runner.unit);
        if (found == tracks_.end() || !is_live(found->second)) {
            continue;
        }
        auto& track = found->second;
        if (!track.heard && is_silent(runner, now)) {
            continue;
        }
        auto& one = told.emplace_back(Told{.runner = runner.name});
        const bool arrived = runner.log.value && track.told == runner.log.taken.boot;
        if (std::exchange(track.changed, false) || !arrived) {
            one.log = track.log;
        }
        track.told = now.boot;
    }
    return [told = std::make_shared<std::vector<Told>>(std::move(told)), origin = origin_, now](
               Facts& draft) {
        draft.journal_origin = origin;
        hand_over(*told, draft, now);
    };
}

}  // namespace paws::collectors
