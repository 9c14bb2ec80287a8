#include "forwarder/roster.h"

#include <algorithm>

namespace paws::forwarder {

namespace {

JobSpan span_of(const Job& job, bool ended) {
    return {.begin = job.first_line,
            .end = ended ? std::optional{job.last_line} : std::nullopt,
            .name = job.name,
            .identity = job.identity};
}

RosterRunner runner_of(const Runner& runner) {
    RosterRunner one{
        .name = runner.name, .unit = runner.unit, .root = runner.root, .heard_to = {}, .jobs = {}};
    if (!runner.log.value) {
        return one;
    }
    one.heard_to = runner.log.taken.wall;
    for (const auto& job : runner.log.value->finished) {
        one.jobs.push_back(span_of(job, true));
    }
    if (runner.log.value->job) {
        one.jobs.push_back(span_of(*runner.log.value->job, false));
    }
    return one;
}

}  // namespace

const RosterRunner* Roster::of_unit(std::string_view unit) const {
    const auto found = std::ranges::find(runners, unit, &RosterRunner::unit);
    return unit.empty() || found == runners.end() ? nullptr : &*found;
}

const RosterRunner* Roster::of_name(std::string_view name) const {
    const auto found = std::ranges::find(runners, name, &RosterRunner::name);
    return found == runners.end() ? nullptr : &*found;
}

Roster roster_of(const Snapshot& snapshot) {
    Roster roster;
    for (const auto& runner : snapshot.facts.runners) {
        roster.runners.push_back(runner_of(runner));
    }
    return roster;
}

void add_earlier(Roster& roster, std::span<const RunnerJob> jobs) {
    for (auto& runner : roster.runners) {
        for (const auto& ended : jobs) {
            const auto& job = ended.record.job;
            const bool known = std::ranges::any_of(runner.jobs, [&](const JobSpan& span) {
                return span.begin == job.first_line && span.name == job.name;
            });
            if (ended.runner == runner.name && !known) {
                runner.jobs.push_back(span_of(job, true));
            }
        }
        std::ranges::sort(runner.jobs, {}, &JobSpan::begin);
    }
}

const JobSpan* job_at(const RosterRunner& runner, WallTime at, std::chrono::nanoseconds width) {
    const auto found = std::ranges::find_if(runner.jobs, [&](const JobSpan& job) {
        return job.begin <= at + width && (!job.end || at <= *job.end);
    });
    return found == runner.jobs.end() ? nullptr : &*found;
}

}  // namespace paws::forwarder
