#include "policy/clock.h"

#include "core/snapshot.h"
#include "policy/thresholds.h"

#include <cmath>

namespace paws::policy {

namespace {

// What the clock was set forward by since then is no longer missing.
double behind_now(double behind_then, const Now& then, const Now& now) {
    return behind_then - to_seconds((now.wall - then.wall) - (now.boot - then.boot));
}

bool is_off_by_more(std::optional<double> behind_seconds, std::chrono::nanoseconds bound) {
    return behind_seconds && std::abs(*behind_seconds) > to_seconds(bound);
}

}  // namespace

std::optional<double> clock_behind_github(const std::vector<Runner>& runners, const Now& now) {
    std::optional<double> least;
    for (const auto& runner : runners) {
        const auto* reaches = fresh(runner.reaches, now);
        if (reaches == nullptr) {
            continue;
        }
        for (const auto& [server, reach] : *reaches) {
            if (!reach.clock_behind_seconds || now.boot - reach.tried.boot > clock_memory) {
                continue;
            }
            const auto behind = behind_now(*reach.clock_behind_seconds, reach.tried, now);
            if (!least || std::abs(behind) < std::abs(*least)) {
                least = behind;
            }
        }
    }
    return least;
}

bool clock_is_far_off(std::optional<double> behind_seconds) {
    return is_off_by_more(behind_seconds, clock_off_block);
}

bool clock_is_off(std::optional<double> behind_seconds) {
    return is_off_by_more(behind_seconds, clock_off_warn);
}

}  // namespace paws::policy
