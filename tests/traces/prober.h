// Prober: the agent's own attempts to reach a runner's servers, about once a minute and no longer
// than ten seconds each, in the weather of the world. One that fails after a good one is repeated.

#pragma once

#include "core/github_facts.h"
#include "tests/traces/fate.h"
#include "tests/traces/world.h"

#include <string>
#include <vector>

namespace paws::traces {

class Prober {
public:
    Prober(const Kind& kind, Dice dice);

    // Attempts begin when they are due and are told when they are done.
    void advance(const World& world, Instant now, Sourced<Reaches>& told);
    void forget(Instant now);  // the agent begins anew

private:
    struct Endpoint {
        std::string name;
        Way way;
    };

    void attempt(const World& world, Instant now, const Reaches& before);
    Reach reach(const World& world, Instant now, Way way);

    Dice dice_;
    std::vector<Endpoint> endpoints_;
    std::vector<Reach> tried_;  // in the order of endpoints_; empty: none is under way
    Instant done_{};
    Instant due_{};
};

}  // namespace paws::traces
