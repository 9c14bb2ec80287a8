// Job: one job of a runner, from its first line to its result. Names and identity are the
// workflow's text: untrusted, printable and bounded wherever they appear here.

#pragma once

#include "core/blame.h"
#include "core/time.h"

#include <array>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>

namespace paws {

// TaskResult of the runner (C/Util/TaskResultUtil.cs) plus `lost`: a job that never said its
// result.
enum class JobResult {
    succeeded,
    succeeded_with_issues,
    failed,
    canceled,
    skipped,
    abandoned,
    lost,
};
inline constexpr std::array job_results{JobResult::succeeded,
                                        JobResult::succeeded_with_issues,
                                        JobResult::failed,
                                        JobResult::canceled,
                                        JobResult::skipped,
                                        JobResult::abandoned,
                                        JobResult::lost};

enum class LostReason { superseded, listener_exit, session_restart, worker_gone };
inline constexpr std::array lost_reasons{LostReason::superseded,
                                         LostReason::listener_exit,
                                         LostReason::session_restart,
                                         LostReason::worker_gone};

// A job runs in its worker: one whose worker is gone for longer will not say its result any more.
inline constexpr std::chrono::minutes longest_without_worker{2};

// Whose job it is, as the job-started hook or the worker's own trace says.
struct JobIdentity {
    std::string repository;  // owner/name
    std::string workflow;
    std::string job;  // its key in the workflow file
    std::uint64_t run_id = 0;
    std::uint32_t run_attempt = 0;

    bool operator==(const JobIdentity&) const = default;
};

struct Job {
    std::string name;  // at most 256 bytes
    WallTime started;
    std::optional<WallTime> finished;
    std::optional<JobResult> result;
    std::optional<LostReason> lost;  // why its result is `lost`
    // When the journal took the lines that began and ended it. Unlike the times above they are
    // never moved with the clock, so that they name the job however often it is read.
    WallTime first_line;
    WallTime last_line;
    std::optional<JobIdentity> identity;
};

// What a job took of this host while it ran. Absent: it could not be measured.
struct JobUsage {
    std::optional<double> cpu_seconds;
    std::optional<std::uint64_t> memory_peak_bytes;
    std::optional<std::uint64_t> oom_kills;
    std::optional<double> cpu_stall_seconds;  // PSI `some` of the unit's cgroup
    std::optional<double> memory_stall_seconds;
    std::optional<double> io_stall_seconds;
    std::optional<std::uint64_t> disk_low_bytes;  // the least that was free where the runner works
    std::optional<std::uint64_t> connect_errors;
    std::optional<double> queue_seconds;  // that it waited for its runner before, as GitHub says
};

// Who is to blame for a job's end, as far as this host can tell.
struct JobVerdict {
    std::optional<Blame> blame;  // absent: it went well
    std::string because;         // one line for people
};

// A job that has ended, with what it took.
struct JobRecord {
    Job job;
    JobUsage usage;
    JobVerdict verdict;
};

struct RunnerJob {
    std::string runner;
    JobRecord record;
};

// Which of the ended jobs are wanted, newest first.
struct JobQuery {
    std::optional<std::string> runner;
    std::optional<JobResult> result;
    std::optional<WallTime> since;  // ended at or after it
    std::optional<std::uint64_t> run_id;
    std::size_t limit = 50;
};
inline constexpr std::size_t job_query_limit = 1000;

inline constexpr std::array job_duration_bounds_seconds{
    10.0, 30.0, 60.0, 120.0, 300.0, 600.0, 900.0, 1800.0, 3600.0, 7200.0, 21600.0};

}  // namespace paws
