#include "agent/access.h"

#include "core/text.h"
#include "policy/access.h"

#include <algorithm>
#include <utility>

namespace paws::agent {

namespace {

constexpr std::string_view opening = "paws-open@";
constexpr std::string_view inspecting = "paws-inspect@";

}  // namespace

void Access::tell(Facts& facts) const {
    for (auto& runner : facts.runners) {
        const auto found = attempts_.find(std::string{opening} + runner.name + ".service");
        if (found != attempts_.end() && !found->second.trouble.empty() && runner.files.value &&
            runner.files.value->closed) {
            runner.files.value->error += "; not opened by its action: " + found->second.trouble;
        }
    }
}

std::set<std::string> Access::being_opened() const {
    std::set<std::string> runners;
    for (const auto& [unit, attempts] : attempts_) {
        if (unit.starts_with(opening) && !attempts.answered) {
            runners.insert(attempts.runner);
        }
    }
    return runners;
}

// What is planned no more has succeeded, or its runner is gone: it begins anew when it comes again.
void Access::forget_unless_in(const std::vector<policy::UnitAction>& plan) {
    std::erase_if(attempts_, [&](const auto& attempt) {
        return std::ranges::find(plan, attempt.first, &policy::UnitAction::unit) == plan.end();
    });
}

std::vector<policy::UnitAction> Access::due(const std::vector<policy::UnitAction>& plan,
                                            std::string_view kind,
                                            const Now& now) {
    std::vector<policy::UnitAction> due;
    for (const auto& action : plan) {
        if (!action.unit.starts_with(kind)) {
            continue;
        }
        auto& attempts = attempts_[action.unit];
        if (now.boot < attempts.next) {
            continue;
        }
        attempts.runner = action.runner;
        attempts.next = now.boot + attempts.pause;
        attempts.pause = std::min<std::chrono::nanoseconds>(2 * attempts.pause, longest_pause);
        due.push_back(action);
    }
    return due;
}

void Access::note(const actions::Outcome& outcome) {
    const auto attempts = attempts_.find(outcome.action.unit);
    if (attempts != attempts_.end()) {
        attempts->second.answered = true;
        attempts->second.trouble =
            outcome.error ? printable(outcome.error->what, 512) : std::string{};
    }
}

std::vector<actions::Outcome> Access::follow(const Snapshot& snapshot) {
    const auto plan = policy::plan_access(snapshot.facts, snapshot.taken);
    forget_unless_in(plan);
    std::vector<actions::Outcome> outcomes;
    for (const auto& [actions, kind] :
         {std::pair{&open_, opening}, std::pair{&inspect_, inspecting}}) {
        if (actions->is_busy()) {
            continue;
        }
        for (auto& outcome : actions->carry_out(due(plan, kind, snapshot.taken), snapshot.taken)) {
            note(outcome);
            outcomes.push_back(std::move(outcome));
        }
    }
    return outcomes;
}

}  // namespace paws::agent
