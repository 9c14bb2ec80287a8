#include "collectors/journal.h"

#include "collectors/journal_terms.h"
#include "collectors/runner_log_fold.h"
#include "core/job_hook.h"
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

constexpr std::size_t most_gone = 256;      // runners that may come back
constexpr auto silence_after_start = 3min;  // then stdout goes elsewhere

void keep_word(IdentityWords& words, std::string_view field, std::string_view value) {
    if (field == hook_repository.name) {
        words.repository = value;
    } else if (field == hook_workflow.name) {
        words.workflow = value;
    } else if (field == hook_job.name) {
        words.job = value;
    } else if (field == hook_run_id.name) {
        words.run_id = value;
    } else if (field == hook_run_attempt.name) {
        words.run_attempt = value;
    }
}

void keep_field(JournalEntry& entry, std::string_view name, std::string_view value) {
    if (name == "MESSAGE") {
        entry.message = value;
    } else if (name == "_SYSTEMD_UNIT") {
        entry.unit = value;
    } else if (name == "_PID") {
        entry.pid = parse_integer<int>(value).value_or(0);
    } else if (name == "_TRANSPORT") {
        entry.transport = value;
    } else if (name == "_SYSTEMD_INVOCATION_ID") {
        entry.invocation = value;
    } else if (name == "_STREAM_ID") {
        entry.stream = value;
    } else if (name == "_LINE_BREAK") {
        entry.broken = value != "eof";
    } else if (name == "_UID") {
        entry.uid = parse_integer<std::uint32_t>(value);
    } else if (name == "MESSAGE_ID") {
        entry.message_id = value;
    } else if (name.starts_with("PAWS_")) {
        keep_word(entry.words, name, value);
    }
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
    if (journal_ && !journal_->misses_directory()) {
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
        learn_traced_job(track, runner);
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
    auto sought = position_.empty() ? journal_->seek_head() : journal_->seek_past(position_);
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
        const auto counted = count(read);
        if (!counted) {
            return counted.error();
        }
        told |= *counted;
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

JournalEntry JournalCollector::entry() {
    JournalEntry read{.at = journal_->taken()};
    journal_->visit([&](std::string_view field) {
        const auto name = take_until(field, '=');
        keep_field(read, name, field);
    });
    return read;
}

bool JournalCollector::consume(Track& track, const JournalEntry& entry) {
    if (is_hook(track, entry)) {
        return hear_hook(track, entry);
    }
    if (!track.speaker.speaks(entry)) {
        return false;
    }
    track.uid = entry.uid;
    if (std::exchange(track.lines_of, entry.pid) != entry.pid) {
        track.lines = {};
    }
    const auto event =
        track.lines.next({.text = entry.message, .at = entry.at, .broken = entry.broken});
    if (!event) {
        return false;
    }
    fold(track.log, *event, entry.at);
    track.hooked = track.hooked && event->says != Says::job_started;
    track.heard = true;
    track.changed = true;
    return true;
}

// The tally and the place it is good for move together. Lines that say nothing need not be
// remembered: read again they say nothing again.
Result<bool> JournalCollector::count(const JournalEntry& entry) {
    const auto found = tracks_.find(entry.unit);
    if (found == tracks_.end() || !consume(found->second, entry)) {
        return false;
    }
    auto& track = found->second;
    auto cursor = journal_->cursor();
    if (!cursor) {
        return cursor.error();
    }
    position_ = *cursor;  // whatever happens to those that come after
    track.log.counted_to = std::move(*cursor);
    return true;
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
