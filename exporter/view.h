// View: one answer's input, with what every metric and both JSON documents ask of it.

#pragma once

#include "core/snapshot.h"
#include "exporter/agent_info.h"

#include <cstddef>
#include <vector>

namespace paws::exporter {

// Once the agent stops publishing, its last facts are no longer the present.
inline bool outdated(const Snapshot& snapshot, const Now& now) {
    return now.boot - snapshot.taken.boot > fresh_for;
}

struct View {
    const Snapshot& snapshot;
    const AgentInfo& agent;
    bool outdated = paws::exporter::outdated(snapshot, agent.now);

    template <class T>
    const T* fresh(const Sourced<T>& fact) const {
        return outdated ? nullptr : paws::fresh(fact, snapshot.taken);
    }

    const Host& host() const { return snapshot.facts.host; }
    const std::vector<Runner>& runners() const { return snapshot.facts.runners; }

    // `runner` is one of runners(). Null when there is no present judgement: its state is unknown.
    const RunnerJudgement* judged(const Runner& runner) const {
        const auto at = static_cast<std::size_t>(&runner - runners().data());
        const auto& all = snapshot.judged.runners;  // in the order of the runners
        const bool known = !outdated && at < all.size() && all[at].name == runner.name;
        return known ? &all[at] : nullptr;
    }
    RunnerState state(const Runner& runner) const {
        const auto* judgement = judged(runner);
        return judgement != nullptr ? judgement->state : RunnerState::unknown;
    }
    Health health(const Runner& runner) const {
        const auto* judgement = judged(runner);
        return judgement != nullptr ? judgement->health : Health::unknown;
    }
};

}  // namespace paws::exporter
