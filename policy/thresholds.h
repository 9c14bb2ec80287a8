// Thresholds: the one source of every bound. Rules, documents and defaults are tested against it.

#pragma once

#include "core/job.h"

#include <chrono>
#include <cstdint>

namespace paws::policy {

using namespace std::chrono_literals;

inline constexpr double cpu_busy_warn = 0.80;  // of all CPUs, for sustained_for
inline constexpr double memory_used_warn = 0.85;
inline constexpr double disk_used_warn = 0.75;
inline constexpr double disk_used_block = 0.90;
inline constexpr double inodes_free_block = 0.05;
inline constexpr std::chrono::nanoseconds sustained_for = 10min;
inline constexpr std::chrono::nanoseconds clock_off_warn = 2s;  // by the Date of GitHub's answers
inline constexpr std::chrono::nanoseconds clock_off_block = 60s;
inline constexpr std::chrono::nanoseconds clock_memory = 5min;  // what an answer said of it counts

inline constexpr std::chrono::nanoseconds contact_warn = 3min;
inline constexpr std::chrono::nanoseconds contact_block = 4min;
// A V2 listener that cannot connect says so once and gives up after some eleven minutes (runner:
// BrokerMessageListener.cs): what it said explains no longer silence.
inline constexpr std::chrono::nanoseconds connect_error_memory = 12min;

// A process waits for a slow disk in state D for seconds, on a loaded host.
inline constexpr std::chrono::nanoseconds stuck_patience = 1min;

// Who has not looked for longer (the host slept) has not noticed a silence either.
inline constexpr std::chrono::nanoseconds longest_blink = 1min;

inline constexpr std::chrono::nanoseconds start_patience = 3min;    // starting, then offline
inline constexpr std::chrono::nanoseconds update_patience = 15min;  // updating, then offline
inline constexpr std::chrono::nanoseconds worker_patience = longest_without_worker;

inline constexpr std::uint32_t crash_loop_exits = 3;                 // without listening in between
inline constexpr std::chrono::nanoseconds crash_loop_memory = 5min;  // quiet for so long clears it

// A job that is older than the default limit of a workflow's job (GitHub: timeout-minutes, 360) and
// whose processes used next to no CPU for a while is stuck, as far as can be seen from outside.
inline constexpr std::chrono::nanoseconds job_age_warn = 6h;
inline constexpr std::chrono::nanoseconds job_idle_warn = 30min;
inline constexpr double job_idle_cpu_seconds = 3.0;

// GitHub requeues what an assigned runner does not take within a minute or so (runner facts, 9).
inline constexpr std::chrono::nanoseconds job_wait_patience = 2min;
inline constexpr std::chrono::nanoseconds job_wait_warn = 5min;

inline constexpr std::chrono::nanoseconds worker_end_patience = 5min;  // after its job's last step

inline constexpr std::size_t failing_jobs_warn = 3;                    // in a row
inline constexpr std::chrono::nanoseconds failing_job_duration = 15s;  // each as short as this

// What made a job fail: next to nothing free where it worked, or most of its time spent waiting for
// memory (PSI).
inline constexpr std::uint64_t job_disk_low_bytes = 100'000'000;
inline constexpr double job_stall_share = 0.5;

inline constexpr std::uint64_t diag_bytes_warn = 2'000'000'000;
inline constexpr std::chrono::nanoseconds spool_patience = 2min;  // pages are uploaded by then

// GitHub refuses a pinned runner 30 days after a newer release.
inline constexpr std::chrono::nanoseconds version_age_warn = 30 * 24h;

}  // namespace paws::policy
