#include "collectors/journal.h"

#include "collectors/runner_log_fold.h"
#include "core/job_hook.h"
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
constexpr auto look_back = 24h;                      // where systemd names no last start
constexpr std::size_t most_hook_entries = 32;        // looked at for one job
constexpr auto silence_after_start = 3min;           // then stdout goes elsewhere

std::string term(std::string_view field, std::string_view value) {
    return std::string{field} + "=" + std::string{value};
}

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
      bounds_{bounds} {}

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
        began_ = *cursor;
        position_ = *cursor;
    }
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
        auto& track = tracks_[runner.unit];
        if (track.speaker.learn(runner) && track.read) {
            track.read = false;
            aimed_ = false;
        }
        if (runner.unit_state.value) {
            track.invocation = runner.unit_state.value->invocation_id;
        }
        learn_traced_job(track, runner);
    }
    const auto gone =
        std::erase_if(tracks_, [&](const auto& track) { return !there.contains(track.first); });
    aimed_ = aimed_ && gone == 0;
}

Result<void> JournalCollector::read(const Now& now) {
    Budget budget{.entries = bounds_.entries, .bytes = bounds_.bytes};
    if (auto told = drain(budget); !told) {
        return told.error();
    }
    for (auto& [unit, track] : tracks_) {
        if (track.read || budget.entries == 0) {
            continue;
        }
        aimed_ = false;
        const auto count = read_history(unit, track, now);
        if (!count) {
            return count.error();
        }
        budget.entries -= std::min(budget.entries, *count);
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
        if (track.read) {
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
        std::ranges::any_of(tracks_, [](const auto& track) { return track.second.read; });
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
        told |= track != tracks_.end() && consume(track->second, read, Counting::yes);
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
        } else if (field == "_UID") {
            read.uid = parse_integer<std::uint32_t>(value);
        } else if (field == "MESSAGE_ID") {
            read.message_id = value;
        } else if (field.starts_with("PAWS_")) {
            keep_word(read.words, field, value);
        }
    });
    return read;
}

bool JournalCollector::consume(Track& track, const JournalEntry& entry, Counting counting) {
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
    auto counters = track.log.counters;
    fold(track.log, *event, entry.at);
    track.hooked = track.hooked && event->says != Says::job_started;
    if (counting == Counting::no) {
        track.log.counters = std::move(counters);
    }
    track.heard = true;
    track.changed = true;
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

// Reads the beginning of the last start until the wrapper has introduced itself.
Result<void> JournalCollector::find_wrapper(const std::vector<std::string>& terms, Track& track) {
    auto done = journal_->match(terms);
    if (done) {
        done = journal_->seek_head();
    }
    for (std::size_t count = 0;
         done && count < longest_introduction && track.speaker.wrapper_of(track.invocation) == 0;
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

// Of the last start only the wrapper's entries are looked at: nothing that a job writes can push
// them out of the history's bound.
Result<std::vector<std::string>> JournalCollector::history_terms(const std::string& unit,
                                                                 Track& track) {
    std::vector<std::string> terms{term("_SYSTEMD_UNIT", unit)};
    if (track.invocation.empty()) {
        return terms;
    }
    terms.push_back(term("_SYSTEMD_INVOCATION_ID", track.invocation));
    if (auto found = find_wrapper(terms, track); !found) {
        return found.error();
    }
    if (const int wrapper = track.speaker.wrapper_of(track.invocation); wrapper != 0) {
        terms.push_back(term("_PID", std::to_string(wrapper)));
    }
    return terms;
}

// Up to the entry that drain() would read next, so that none is read twice or never.
Result<std::size_t> JournalCollector::read_history(const std::string& unit,
                                                   Track& track,
                                                   const Now& now) {
    const auto terms = history_terms(unit, track);
    if (!terms) {
        return terms.error();
    }
    const auto counted_from = first_after(*terms, began_);
    const auto end = counted_from ? first_after(*terms, position_) : counted_from;
    if (!end) {
        return end.error();
    }
    if (auto sought = journal_->seek_last(bounds_.history); !sought) {
        return sought.error();
    }
    auto count = replay(track, {.counted_from = *counted_from, .end = *end}, now);
    if (const auto told = read_hooks(unit, track); !told) {
        return told.error();
    }
    return count;
}

Result<std::size_t> JournalCollector::replay(Track& track, const Span& span, const Now& now) {
    const bool again = track.heard;  // what was counted stays counted
    track.log = {.counters = std::move(track.log.counters)};
    auto counting = Counting::no;
    std::size_t count = 0;
    for (; count < bounds_.history; ++count) {
        const auto more = journal_->next();
        if (!more) {
            return more.error();
        }
        if (!*more || (!span.end.empty() && journal_->is_at(span.end))) {
            break;
        }
        if (!again && !span.counted_from.empty() && journal_->is_at(span.counted_from)) {
            counting = Counting::yes;
        }
        const auto read = entry();
        if (!track.invocation.empty() || now.wall - read.at <= look_back) {
            consume(track, read, counting);
        }
    }
    track.read = true;
    track.changed = true;
    return count;
}

Fill JournalCollector::fill(const Facts& seen, const Now& now) {
    std::vector<Told> told;
    for (const auto& runner : seen.runners) {
        const auto found = tracks_.find(runner.unit);
        if (found == tracks_.end() || !found->second.read) {
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
    return [told = std::make_shared<std::vector<Told>>(std::move(told)), now](Facts& draft) {
        hand_over(*told, draft, now);
    };
}

}  // namespace paws::collectors
