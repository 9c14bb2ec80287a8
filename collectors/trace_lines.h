// Trace lines: what a line of the runner's own trace (_diag/Runner_*.log) says, and what lines, one
// after the other, add up to. Pure. Wording of V1 (pipelines) and V2 (broker) of
// actions/runner 2.289 and later (L/JobDispatcher.cs, L/BrokerMessageListener.cs,
// C/HostTraceListener.cs).

#pragma once

#include "core/runner_facts.h"

#include <optional>
#include <string>
#include <string_view>

namespace paws::collectors {

enum class Traces {
    listener_started,
    listener_ended,  // text: its return code
    job_received,
    lease_renewed,  // "valid till" a date in the host's culture, which is not read
    renewal_failed,
    lease_lost,
    worker_ended,  // text: its exit code
    steps_ended,   // of the job, by its worker's trace
    backs_off,
};

struct TraceEvent {
    Traces says{};
    WallTime at;
    std::string text;

    bool operator==(const TraceEvent&) const = default;
};

// "[2026-01-02 03:04:05Z INFO JobDispatcher] text" taken apart; nothing for what continues a
// record.
struct TraceLine {
    WallTime at;
    std::string_view component;
    std::string_view text;
};
std::optional<TraceLine> split_trace_line(std::string_view line);

// Nothing when the line is none of those above.
std::optional<TraceEvent> parse_trace_line(std::string_view line);

// A line from the future (the clock was set back, or job code wrote it) counts as of now.
void fold(RunnerTrace& trace, const TraceEvent& event, WallTime now);

// After the clock was set back what we remember lies in the future: it is as old as `now`, no
// newer.
void hold_back(RunnerTrace& trace, WallTime now);

}  // namespace paws::collectors
