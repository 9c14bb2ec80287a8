// Runner log: what one line of a runner's console says. Pure.
// The lines are those of actions/runner 2.289 and later (L/Runner.cs, L/JobDispatcher.cs,
// L/BrokerMessageListener.cs, L/MessageListener.cs, L/SelfUpdaterV2.cs, Misc/RunnerService.js).

#pragma once

#include "core/runner_facts.h"

#include <optional>
#include <string>
#include <string_view>

namespace paws::collectors {

enum class Says {
    // the listener's wrapper (RunnerService.js)
    starting,       // it starts a listener
    launched,       // text: the listener's pid
    launch_failed,  // text: why
    exited,         // text: the listener's exit code
    relaunching,    // text: the exit code that the sentence stands for
    stopping,       // likewise; the wrapper ends with its listener
    gave_up,        // ten exits in a row without a session between
    shutting_down,  // the service was asked to stop
    // the listener
    connected,  // no proof of contact: printed before a session is asked for
    version,    // text: "2.336.0"
    listening,
    job_started,    // text: the job's name
    job_finished,   // text: the job's name; result
    connect_error,  // text: why
    reconnected,
    conflict,
    clock_skew,
    session_failed,  // text: why
    deregistered,
    removed_credentials,
    removed_settings,
    deprecated,
    error,  // text: what
    not_configured,
    update_begins,
    update_progress,
    update_failed,  // text: why
    update_ends,    // printed after success and failure alike
    exiting,
};

struct ListenerEvent {
    Says says{};
    std::string text;                 // printable(), whoever wrote it
    std::optional<JobResult> result;  // of job_finished
    std::optional<WallTime> printed;  // the time that the line itself names

    bool operator==(const ListenerEvent&) const = default;
};

// Nothing when the line is none of those; wording may drift, the time and the shape of the lines
// that name jobs may not. A line break inside makes everything but a job's name unreadable.
std::optional<ListenerEvent> parse_listener_line(std::string_view line);

// The result at the end of a line that tells a job's end.
inline constexpr std::string_view completed_with = " completed with result: ";
std::optional<JobResult> parse_job_result(std::string_view word);

// "2026-01-12 08:00:04Z: " off the front of `line`.
std::optional<WallTime> take_printed_time(std::string_view& line);

}  // namespace paws::collectors
