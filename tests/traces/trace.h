// Trace: one synthetic week of a host with one to four runners: facts as the agent's collectors
// would have published them, and beside them the truth. The same seed gives the same week.
//
//     Trace trace{seed, Family::healthy_or_explained};
//     while (const auto moment = trace.next()) {
//         if (moment->agent_started) {
//             judged = {};  // an agent that starts remembers nothing
//         }
//         judged = judge(moment->facts, judged, moment->now);
//     }

#pragma once

#include "tests/traces/observer.h"
#include "tests/traces/runner.h"
#include "tests/traces/truth.h"
#include "tests/traces/world.h"

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <vector>

namespace paws::traces {

struct Moment {
    Instant at{};
    Now now;
    const Facts& facts;               // until the next moment
    const std::vector<Truth>& truth;  // in the order of Facts::runners; likewise
    bool agent_started = false;       // the first one since the agent or the host began anew
};

class Trace {
public:
    Trace(std::uint64_t seed, Family family);
    Trace(const Trace&) = delete;
    Trace& operator=(const Trace&) = delete;
    ~Trace() = default;

    std::optional<Moment> next();  // nothing when the week is over

    const World& world() const { return *world_; }
    const std::vector<SimulatedRunner>& runners() const { return runners_; }

private:
    struct Edge {  // the host or the agent goes or returns
        Instant at{};
        Trouble trouble{};
        bool begins = false;
        Span length{};
    };

    void find_edges();
    Instant next_event() const;
    void cross(const Edge& edge);
    bool agent_is_up() const;
    bool tell();
    Span interval();

    std::unique_ptr<World> world_;  // where it stays: runners and observer refer to it
    std::vector<SimulatedRunner> runners_;
    std::vector<Edge> edges_;
    std::size_t edge_ = 0;
    std::optional<Observer> observer_;
    std::vector<Truth> truth_;
    Instant now_{};
    Instant tick_{};
    Instant github_looks_{};
    bool agent_starts_ = true;
};

}  // namespace paws::traces
