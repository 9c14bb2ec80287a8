#include "forwarder/trace_source.h"

#include "forwarder/job_metadata.h"

#include <algorithm>
#include <chrono>
#include <utility>

namespace paws::forwarder {

namespace {

using namespace std::chrono_literals;

// Whose job a trace is of, the collectors read from the same files, some seconds later.
constexpr std::chrono::nanoseconds patience_for_job = 6s;
constexpr std::chrono::nanoseconds precision = 1s;  // of the times in traces
constexpr std::size_t longest_component = 128;
constexpr std::size_t most_runners = 200;

}  // namespace

void TraceSource::open(const Position& from) {
    began_ = from.began.value_or(WallTime{});
    positions_ = from.traces;
    followers_.clear();
}

TraceSource::Follower TraceSource::make(const RosterRunner& runner) {
    Follower follower;
    follower.root = runner.root;
    follower.question = std::make_shared<Question>(Question{
        .reader = TraceReader{directories_, {.runner = runner.name, .root = runner.root}, bounds_},
        .from = {},
        .began = {},
        .now = {}});
    follower.straggler = std::make_unique<platform::Straggler<TraceRead>>(
        "traces", [question = follower.question]() -> Result<TraceRead> {
            return question->reader.read(question->from, question->began, question->now);
        });
    follower.streams = intake_.streams()
                           .of({.job = "runner-diag", .unit = runner.unit, .runner = runner.name})
                           .first;
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

Read TraceSource::read(Batch& batch,
                       const BatchBounds& bounds,
                       const Roster& roster,
                       const Now& now) {
    follow(roster);
    auto outcome = Read::caught_up;
    for (auto& [name, follower] : followers_) {
        if (batch.is_full(bounds)) {
            return Read::full;
        }
        collect(follower, now);
        const auto& runner = *roster.of_name(name);
        if (follower.found && must_wait(follower, runner, now)) {
            outcome = outcome == Read::caught_up ? Read::held : outcome;
            continue;
        }
        outcome = take(batch, runner, follower) ? Read::more : outcome;
        ask(name, follower, now);
    }
    return outcome;
}

void TraceSource::collect(Follower& follower, const Now& now) {
    if (follower.found || follower.straggler->outstanding()) {
        return;
    }
    auto answer = follower.straggler->wait(platform::deadline_in(0ms));
    if (answer) {
        follower.error = answer->error;
        follower.found = std::move(*answer);
        follower.found_at = now.boot;
    }
}

void TraceSource::ask(const std::string& name, Follower& follower, const Now& now) {
    if (follower.straggler->outstanding()) {
        return;
    }
    const auto known = positions_.find(name);
    follower.question->from =
        known == positions_.end() ? std::nullopt : std::optional{known->second};
    follower.question->began = began_;
    follower.question->now = now.wall;
    if (const auto asked = follower.straggler->start(); !asked) {
        follower.error = asked.error().what;
    }
}

bool TraceSource::must_wait(const Follower& follower, const RosterRunner& runner, const Now& now) {
    if (now.boot - follower.found_at > patience_for_job) {
        return false;
    }
    return std::ranges::any_of(follower.found->lines, [&](const TraceLine& line) {
        return now.wall - line.at < patience_for_job && !knows_job(runner, line.at, precision);
    });
}

// Whether there is more where it came from.
bool TraceSource::take(Batch& batch, const RosterRunner& runner, Follower& follower) {
    if (!follower.found) {
        return false;
    }
    Metadata metadata;
    for (const auto& line : follower.found->lines) {
        metadata.clear();
        metadata.add("file", line.file);
        if (!line.component.empty()) {
            metadata.add("component",
                         intake_.without_secrets(line.component.substr(0, longest_component)));
        }
        if (const auto* job = job_at(runner, line.at, precision)) {
            add_job(metadata, *job, intake_);
        }
        intake_.take(batch,
                     {.source = LogSource::diag,
                      .stream = Streams::at_level(follower.streams, line.level),
                      .at = line.at,
                      .text = line.text,
                      .writer = {.first = runner.name, .second = line.file}},
                     metadata);
    }
    positions_.insert_or_assign(runner.name, std::move(follower.found->positions));
    const bool more = follower.found->more;
    follower.found.reset();
    return more;
}

std::string TraceSource::trouble() const {
    const auto found =
        std::ranges::find_if(followers_, [](const auto& one) { return !one.second.error.empty(); });
    return found == followers_.end() ? "" : found->first + ": " + found->second.error;
}

}  // namespace paws::forwarder
