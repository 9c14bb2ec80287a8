#include "policy/access.h"

#include "core/runner_unit.h"

#include <chrono>
#include <string>

namespace paws::policy {

namespace {

constexpr std::chrono::minutes inspection_lasts{10};  // as long as a walk of the agent's own

UnitAction start(const char* verb, const Runner& runner, const char* why) {
    return {.verb = UnitVerb::start,
            .runner = runner.name,
            .unit = std::string{"paws-"} + verb + "@" + runner.name + std::string{service_suffix},
            .why = why};
}

// The actions find a runner by its name alone.
bool can_be_named(const Runner& runner) {
    return runner.managed && is_instance(runner.name) && runner.unit == runner_unit(runner.name);
}

bool needs_inspection(const Runner& runner) {
    return runner.sizes_closed || runner.files.value->settings_closed;
}

bool is_recent(const Sourced<Inspection>& inspection, const Now& now) {
    return inspection.value && now.boot - inspection.taken.boot < inspection_lasts;
}

}  // namespace

std::vector<UnitAction> plan_access(const Facts& facts, const Now& now) {
    std::vector<UnitAction> plan;
    for (const auto& runner : facts.runners) {
        if (!can_be_named(runner) || !runner.files.value) {
            continue;
        }
        if (runner.files.value->closed) {
            plan.push_back(start("open", runner, "its directories are closed to the agent"));
        } else if (needs_inspection(runner) && !is_recent(runner.inspection, now)) {
            plan.push_back(start("inspect", runner, "what it holds is closed to the agent"));
        }
    }
    return plan;
}

}  // namespace paws::policy
