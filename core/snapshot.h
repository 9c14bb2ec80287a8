// Snapshot: one tick's facts and judgement, published whole and never changed.

#pragma once

#include "core/facts.h"
#include "core/judgement.h"
#include "core/log_shipping.h"

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace paws {

// How one collector did in this tick.
struct CollectorReport {
    std::string name;
    bool success = false;
    std::chrono::nanoseconds duration{};  // of its last finished round
    std::string error;                    // empty on success
};

struct Snapshot {
    std::uint64_t sequence = 0;  // 1 for the first tick
    Now taken;                   // when the tick finished
    Facts facts;
    Judgement judged;
    std::vector<CollectorReport> collectors;
    bool config_reload_successful = true;
    std::optional<LogShipping> logs;      // absent: no logs are shipped
    std::uint64_t store_corruptions = 0;  // databases that were set aside since the agent started
};

// What the first tick found was looked at in another: a runner's files tell where its processes
// are.
inline bool is_settled(const Snapshot& snapshot) {
    return snapshot.sequence > 1;
}

// Facts older than this are not shown as current and judge as unknown (design: states).
inline constexpr std::chrono::seconds fresh_for{30};

// GitHub's list and the attempts to reach it come once a minute.
inline constexpr std::chrono::seconds network_fresh_for{150};

template <class T>
const T* fresh(const Sourced<T>& fact, const Now& now, std::chrono::nanoseconds span = fresh_for) {
    return fact.value && now.boot - fact.taken.boot <= span ? &*fact.value : nullptr;
}

}  // namespace paws
