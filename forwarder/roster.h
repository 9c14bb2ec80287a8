// Roster: which runners there are and which job each had when, as the judged facts tell. What the
// journal's own lines say is left to the collectors, which know whose lines to believe.

#pragma once

#include "core/job.h"
#include "core/snapshot.h"

#include <chrono>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace paws::forwarder {

struct JobSpan {
    WallTime begin;               // when the journal took its first line
    std::optional<WallTime> end;  // and its last; nothing: it runs
    std::string name;
    std::optional<JobIdentity> identity;

    bool operator==(const JobSpan&) const = default;
};

struct RosterRunner {
    std::string name;
    std::string unit;           // empty: not of systemd
    std::string root;           // empty: unknown
    WallTime heard_to;          // its lines in the journal up to then are known
    std::vector<JobSpan> jobs;  // those known, oldest first

    bool operator==(const RosterRunner&) const = default;
};

struct Roster {
    std::vector<RosterRunner> runners;

    const RosterRunner* of_unit(std::string_view unit) const;
    const RosterRunner* of_name(std::string_view name) const;
};

Roster roster_of(const Snapshot& snapshot);

// Adds jobs that the snapshot no longer has, by runner.
void add_earlier(Roster& roster, std::span<const RunnerJob> jobs);

// The job that a runner had at some time within `width` from `at` on; null: none that is known.
const JobSpan* job_at(const RosterRunner& runner, WallTime at, std::chrono::nanoseconds width = {});

}  // namespace paws::forwarder
