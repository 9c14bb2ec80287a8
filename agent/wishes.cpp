#include "agent/wishes.h"

#include <algorithm>
#include <utility>

namespace paws::agent {

Wishes::Wishes(actions::UnitActions::Order order, std::function<void(const ByRunner&)> changed)
    : actions_{std::move(order)}, changed_{std::move(changed)} {}

void Wishes::restore(ByRunner kept) {
    wishes_.merge(kept);
}

void Wishes::ask(const std::string& runner, Wish wish) {
    std::erase_if(asked_, [&](const auto& action) { return action.runner == runner; });
    wishes_[runner] = std::move(wish);
    changed_(wishes_);
}

void Wishes::resume(const Runner& runner, std::string why) {
    asked_.push_back({.verb = policy::UnitVerb::start,
                      .runner = runner.name,
                      .unit = runner.unit,
                      .why = std::move(why)});
    if (wishes_.erase(runner.name) > 0) {
        changed_(wishes_);
    }
}

void Wishes::tell(Facts& facts) const {
    for (auto& runner : facts.runners) {
        const auto wish = wishes_.find(runner.name);
        runner.wish = wish == wishes_.end() ? std::nullopt : std::optional{wish->second};
    }
}

// A hold that has expired is fulfilled when the unit runs again, by whomever it was started.
void Wishes::forget_fulfilled(const Snapshot& snapshot) {
    const auto fulfilled = std::erase_if(wishes_, [&](const auto& wish) {
        const auto& runners = snapshot.facts.runners;
        const auto runner = std::ranges::find(runners, wish.first, &Runner::name);
        return policy::has_expired(wish.second, snapshot.taken) && runner != runners.end() &&
               runner->unit_state.value && runner->unit_state.value->active_state == "active";
    });
    if (fulfilled > 0) {
        changed_(wishes_);
    }
}

void Wishes::note(const actions::Outcome& outcome) {
    const auto wish = wishes_.find(outcome.action.runner);
    if (wish != wishes_.end()) {
        wish->second.trouble = outcome.error ? outcome.error->what : "";
    }
}

std::vector<actions::Outcome> Wishes::follow(const Snapshot& snapshot) {
    forget_fulfilled(snapshot);
    auto plan = policy::plan_wishes(snapshot.facts, snapshot.judged, snapshot.taken);
    plan.insert(plan.end(), asked_.begin(), asked_.end());
    auto outcomes = actions_.carry_out(plan, snapshot.taken);
    for (const auto& outcome : outcomes) {
        note(outcome);
        std::erase(asked_, outcome.action);
    }
    return outcomes;
}

}  // namespace paws::agent
