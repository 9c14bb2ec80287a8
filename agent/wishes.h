// Wishes: what operators asked of runners (drain, hold), until they are taken back or expire.
// Lives on the loop. They are part of the facts: policy judges them, and plans what follows.

#pragma once

#include "actions/unit_actions.h"
#include "core/facts.h"
#include "core/snapshot.h"

#include <functional>
#include <map>
#include <string>
#include <vector>

namespace paws::agent {

class Wishes {
public:
    using ByRunner = std::map<std::string, Wish>;

    // `changed` hears of every change, to keep them over a restart.
    Wishes(actions::UnitActions::Order order, std::function<void(const ByRunner&)> changed);

    // Of before a restart. What was asked since is newer.
    void restore(ByRunner kept);

    void ask(const std::string& runner, Wish wish);
    // Takes the wish back and has the unit started.
    void resume(const Runner& runner, std::string why);

    // Puts the wishes among the facts, before they are judged.
    void tell(Facts& facts) const;

    // Gives the orders that the wishes ask for; returns what came of earlier ones.
    std::vector<actions::Outcome> follow(const Snapshot& snapshot);

private:
    void forget_fulfilled(const Snapshot& snapshot);
    void note(const actions::Outcome& outcome);

    ByRunner wishes_;
    std::vector<policy::UnitAction> asked_;  // beside what the wishes ask for
    actions::UnitActions actions_;
    std::function<void(const ByRunner&)> changed_;
};

}  // namespace paws::agent
