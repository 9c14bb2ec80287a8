#include "pawsctl/verdict.h"

#include "pawsctl/exit_code.h"
#include "pawsctl/fields.h"

#include <algorithm>
#include <chrono>

namespace paws::pawsctl {

namespace {

// As the agent itself: facts older than this are not the present (design: states).
constexpr double stale_seconds = 30;

}  // namespace

Verdict health_of(const boost::json::object& subject) {
    const auto health = text(subject, "health");
    return health == "ok"         ? Verdict::well
           : health == "degraded" ? Verdict::degraded
           : health == "failed"   ? Verdict::failed
                                  : Verdict::unknown;
}

Verdict agent_verdict(const boost::json::object& agent) {
    const auto age = number(agent, "snapshot_age_seconds");
    if (!age || *age > stale_seconds) {
        return Verdict::unknown;
    }
    const auto collectors = objects(agent, "collectors");
    const bool failing = std::ranges::any_of(
        collectors, [](const auto* one) { return !flag(*one, "success").value_or(false); });
    const bool reloaded = flag(agent, "config_reload_successful").value_or(true);
    return failing || !reloaded ? Verdict::degraded : Verdict::well;
}

Verdict verdict(const boost::json::object& status,
                const std::vector<const boost::json::object*>& runners) {
    auto worst =
        std::max(health_of(object(status, "host")), agent_verdict(object(status, "agent")));
    for (const auto* runner : runners) {
        worst = std::max(worst, health_of(*runner));
    }
    return worst;
}

std::string_view word(Verdict verdict) {
    switch (verdict) {
        case Verdict::well:
            return "ok";
        case Verdict::degraded:
            return "degraded";
        case Verdict::unknown:
            return "unknown";
        case Verdict::failed:
            return "failed";
    }
    return "unknown";
}

int exit_code(Verdict verdict) {
    switch (verdict) {
        case Verdict::well:
            return exit_well;
        case Verdict::degraded:
            return exit_degraded;
        case Verdict::unknown:
            return exit_unknown;
        case Verdict::failed:
            return exit_failed;
    }
    return exit_unknown;
}

}  // namespace paws::pawsctl
