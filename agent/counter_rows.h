// Counter rows: a runner's counters as the store keeps them, one row a counter. Pure.

#pragma once

#include "core/runner_facts.h"

#include <string>
#include <vector>

namespace paws::agent {

struct CounterRow {
    std::string counter;  // "jobs", "lost", "job_durations", ...
    std::string label;    // "succeeded", "listener_exit", "600", ...; empty where there is one only
    double value = 0;

    bool operator==(const CounterRow&) const = default;
};

std::vector<CounterRow> rows_of(const RunnerCounters& counters);

// Rows that no counter has are those of another version: they are left out.
RunnerCounters counters_of(const std::vector<CounterRow>& rows);

}  // namespace paws::agent
