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

inline constexpr std::chrono::nanoseconds contact_warn = 3min;
inline constexpr std::chrono::nanoseconds contact_block = 4min;
inline constexpr std::chrono::nanoseconds start_patience = 3min;    // starting, then offline
inline constexpr std::chrono::nanoseconds update_patience = 15min;  // updating, then offline
inline constexpr std::chrono::nanoseconds worker_patience = longest_without_worker;

inline constexpr std::uint32_t crash_loop_exits = 3;                 // without listening in between
inline constexpr std::chrono::nanoseconds crash_loop_memory = 5min;  // quiet for so long clears it

// GitHub refuses a pinned runner 30 days after a newer release.
inline constexpr std::chrono::nanoseconds version_age_warn = 30 * 24h;

}  // namespace paws::policy
