// Access: has the privileged actions started that show the agent what is closed to it, one at a
// time of each kind, and less and less often where that does not help. What comes of it shows in
// the facts. Lives on the loop.

#pragma once

#include "actions/unit_actions.h"
#include "core/facts.h"
#include "core/snapshot.h"

#include <chrono>
#include <map>
#include <set>
#include <string>
#include <string_view>
#include <vector>

namespace paws::agent {

class Access {
public:
    static constexpr std::chrono::seconds first_pause{30};  // between two attempts, then twice that
    static constexpr std::chrono::hours longest_pause{1};

    // Gives the order and waits for what comes of it; on the actions' thread.
    explicit Access(const actions::UnitActions::Order& order) : open_{order}, inspect_{order} {}

    // Adds to what is said of a closed directory why no action has opened it.
    void tell(Facts& facts) const;

    // Runners whose directories are being opened for the first time since they are closed.
    std::set<std::string> being_opened() const;

    // Has started what is due; returns what came of earlier ones.
    std::vector<actions::Outcome> follow(const Snapshot& snapshot);

private:
    struct Attempts {
        BootTime next{};
        std::chrono::nanoseconds pause = first_pause;
        std::string runner;
        bool answered = false;
        std::string trouble;
    };

    void forget_unless_in(const std::vector<policy::UnitAction>& plan);
    std::vector<policy::UnitAction> due(const std::vector<policy::UnitAction>& plan,
                                        std::string_view kind,
                                        const Now& now);
    void note(const actions::Outcome& outcome);

    actions::UnitActions open_;
    actions::UnitActions inspect_;
    std::map<std::string, Attempts> attempts_;  // by unit, of those that are still needed
};

}  // namespace paws::agent
