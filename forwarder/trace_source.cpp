#include "forwarder/trace_source.h"

#include "core/text.h"
#include "forwarder/job_metadata.h"

#include <algorithm>
#include <chrono>
#include <span>
#include <utility>

namespace paws::forwarder {

namespace {

using namespace std::chrono_literals;

// Whose job a trace is of, the collectors read from the same files, some seconds later.
constexpr std::chrono::nanoseconds patience_for_job = 6s;
constexpr std::chrono::nanoseconds precision = 1s;  // of the times in traces
constexpr std::size_t longest_component = 128;
constexpr std::size_t most_looked_at = 1'024;  // of a component, in search of secrets
constexpr std::size_t most_runners = 200;
constexpr std::chrono::nanoseconds patience_for_directory = 10s;
constexpr std::chrono::nanoseconds patience_for_runner = 7 * 24h;
constexpr auto between_forgetting = 1min;
constexpr std::size_t most_positions = 1'000;

// The stamp of the trace that it opened last.
std::string last_use(const TracePositions& positions) {
    constexpr std::string_view kind = "Worker_";  // as long as the other
    auto last = positions.done_to;
    for (const auto& [name, file] : positions.files) {
        last = std::max(last, name.substr(std::min(kind.size(), name.size())));
    }
    return last;
}

// The other half is the journal's, however much runners write.
bool has_room(const Batch& batch, const BatchBounds& bounds) {
    return !batch.is_full(bounds) && batch.of_traces.bytes < (bounds.bytes + 1) / 2 &&
           batch.of_traces.lines < (bounds.lines + 1) / 2;
}

}  // namespace

TraceRead TraceSource::look_at_files(TraceReader& reader, const TraceQuestion& question) {
    return reader.read(question.from, question.began, question.now);
}

void TraceSource::open(const Position& from) {
    began_ = from.began.value_or(WallTime{});
    positions_ = from.traces;
    followers_.clear();
}

TraceSource::Follower TraceSource::make(const RosterRunner& runner) {
    Follower follower;
    follower.root = runner.root;
    follower.task = std::make_shared<Task>(Task{
        .reader = TraceReader{directories_, {.runner = runner.name, .root = runner.root}, bounds_},
        .question = {}});
    follower.straggler = std::make_unique<platform::Straggler<TraceRead>>(
        "traces", [task = follower.task, look = look_]() -> Result<TraceRead> {
            return look(task->reader, task->question);
        });
    follower.streams =
        intake_.streams().of({.job = "runner-diag", .unit = runner.unit, .runner = runner.name});
    return follower;
}

void TraceSource::follow(const Roster& roster) {
    std::erase_if(followers_, [&](const auto& one) {
        const auto* runner = roster.of_name(one.first);
        return runner == nullptr || runner->root != one.second.root;
    });
    for (const auto& runner : roster.runners) {
        if (!runner.root.empty() && followers_.size() < most_runners &&
            !followers_.contains(runner.name)) {
            followers_.emplace(runner.name, make(runner));
        }
    }
}

// Hosts of ephemeral runners see ever new names. One that is away for some days goes on from where
// it was.
void TraceSource::forget(const Roster& roster, const Now& now) {
    if (now.boot < forget_at_) {
        return;
    }
    forget_at_ = now.boot + between_forgetting;
    std::erase_if(positions_, [&](const auto& one) {
        auto& known_at = known_at_.try_emplace(one.first, now.boot).first->second;
        if (roster.of_name(one.first) != nullptr) {
            known_at = now.boot;
        }
        return now.boot - known_at > patience_for_runner;
    });
    while (positions_.size() > most_positions && forget_oldest(roster)) {
    }
    std::erase_if(known_at_, [&](const auto& one) { return !positions_.contains(one.first); });
}

// For an agent that is started more often than that. False when all are known.
bool TraceSource::forget_oldest(const Roster& roster) {
    auto oldest = positions_.end();
    for (auto one = positions_.begin(); one != positions_.end(); ++one) {
        const bool is_older =
            oldest == positions_.end() || last_use(one->second) < last_use(oldest->second);
        if (is_older && roster.of_name(one->first) == nullptr) {
            oldest = one;
        }
    }
    if (oldest == positions_.end()) {
        return false;
    }
    positions_.erase(oldest);
    return true;
}

Read TraceSource::read(Batch& batch,
                       const BatchBounds& bounds,
                       const Roster& roster,
                       const Now& now) {
    follow(roster);
    forget(roster, now);
    for (auto& [name, follower] : followers_) {
        collect(follower, now);
    }
    auto outcome = Read::caught_up;
    auto next = followers_.lower_bound(turn_);
    for (auto left = followers_.size(); left > 0; --left, ++next) {
        next = next == followers_.end() ? followers_.begin() : next;
        if (!has_room(batch, bounds)) {
            turn_ = next->first;
            return Read::full;
        }
        const auto served = serve(batch, bounds, *roster.of_name(next->first), next->second, now);
        outcome = served == Read::more || outcome == Read::caught_up ? served : outcome;
    }
    return has_room(batch, bounds) ? outcome : Read::full;
}

Read TraceSource::serve(Batch& batch,
                        const BatchBounds& bounds,
                        const RosterRunner& runner,
                        Follower& follower,
                        const Now& now) {
    if (follower.found && must_wait(follower, runner, now)) {
        return Read::held;
    }
    const bool more = take(batch, bounds, runner, follower);
    if (!follower.found) {
        ask(runner.name, follower, now);
    }
    return more ? Read::more : Read::caught_up;
}

void TraceSource::collect(Follower& follower, const Now& now) {
    if (follower.straggler->outstanding()) {
        if (now.boot - follower.asked_at > patience_for_directory) {
            follower.error = "its directory does not answer";
        }
        return;
    }
    if (follower.found) {
        return;
    }
    auto answer = follower.straggler->wait(platform::deadline_in(0ms));
    if (answer) {
        follower.error = answer->error;
        follower.found = std::move(*answer);
        follower.found_at = now.boot;
        follower.taken = 0;
    }
}

void TraceSource::ask(const std::string& name, Follower& follower, const Now& now) {
    if (follower.straggler->outstanding()) {
        return;
    }
    const auto known = positions_.find(name);
    follower.task->question = {
        .from = known == positions_.end() ? std::nullopt : std::optional{known->second},
        .began = began_,
        .now = now.wall};
    follower.asked_at = now.boot;
    if (const auto asked = follower.straggler->start(); !asked) {
        follower.error = asked.error().what;
    }
}

bool TraceSource::must_wait(const Follower& follower, const RosterRunner& runner, const Now& now) {
    if (now.boot - follower.found_at > patience_for_job) {
        return false;
    }
    const auto left = std::span{follower.found->lines}.subspan(follower.taken);
    return std::ranges::any_of(left, [&](const TraceLine& line) {
        return now.wall - line.at < patience_for_job && !knows_job(runner, line.at, precision);
    });
}

// Whether there is more where it came from. What does not fit is left for the next batch.
bool TraceSource::take(Batch& batch,
                       const BatchBounds& bounds,
                       const RosterRunner& runner,
                       Follower& follower) {
    if (!follower.found) {
        return false;
    }
    auto& found = *follower.found;
    auto& position = positions_.try_emplace(runner.name, found.before).first->second;
    for (; follower.taken < found.lines.size(); ++follower.taken) {
        if (!has_room(batch, bounds)) {
            return true;
        }
        const auto& line = found.lines[follower.taken];
        take_line(batch, runner, follower, line);
        position.files[line.file] = line.upto;
    }
    position = std::move(found.positions);
    const bool more = found.more;
    follower.found.reset();
    return more;
}

void TraceSource::take_line(Batch& batch,
                            const RosterRunner& runner,
                            const Follower& follower,
                            const TraceLine& line) {
    metadata_.clear();
    metadata_.add("file", line.file);
    if (follower.streams.crowded) {
        metadata_.add("full_runner", runner.name);
        if (!runner.unit.empty()) {
            metadata_.add("full_unit", runner.unit);
        }
    }
    if (!line.component.empty()) {
        // Redacted before it is cut: what is left of a secret would be taken for none.
        metadata_.add("component",
                      printable(intake_.without_secrets(line.component.substr(0, most_looked_at)),
                                longest_component));
    }
    if (const auto* job = job_at(runner, line.at, precision)) {
        add_job(metadata_, *job, intake_);
    }
    const auto oldest = batch.oldest();
    const Batch::Part before{.bytes = batch.bytes(), .lines = batch.items().size()};
    intake_.take(batch,
                 {.source = LogSource::diag,
                  .stream = Streams::at_level(follower.streams.first, line.level),
                  .at = line.at,
                  .text = line.text,
                  .writer = {.first = runner.name, .second = line.file}},
                 metadata_);
    batch.of_traces.bytes += batch.bytes() - before.bytes;
    batch.of_traces.lines += batch.items().size() - before.lines;
    const auto waits_since = std::max(line.at, line.not_before);
    batch.set_oldest(std::min(oldest.value_or(waits_since), waits_since));
}

std::string TraceSource::trouble() const {
    const auto found =
        std::ranges::find_if(followers_, [](const auto& one) { return !one.second.error.empty(); });
    return found == followers_.end() ? "" : found->first + ": " + found->second.error;
}

}  // namespace paws::forwarder
