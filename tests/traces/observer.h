// Observer: the agent's collectors in a simulated world: makes facts of what is visible, as far as
// they are not disturbed. The runner's lines go through the collectors' own parser and fold.

#pragma once

#include "collectors/runner_log_lines.h"
#include "core/facts.h"
#include "tests/traces/github_list.h"
#include "tests/traces/prober.h"
#include "tests/traces/runner.h"
#include "tests/traces/world.h"

#include <cstddef>
#include <cstdint>
#include <vector>

namespace paws::traces {

class Observer {
public:
    Observer(const World& world, const std::vector<SimulatedRunner>& runners, std::uint64_t seed);

    // The agent starts: it remembers nothing, and reads the journal of each unit's last start.
    void begin(Instant now);
    // What GitHub does whether it is looked at or not.
    void follow_github(Instant now);
    void observe(Instant now);

    const Facts& facts() const { return facts_; }

private:
    struct Seen {
        collectors::RunnerLines lines;
        std::uint64_t start = 0;  // of the unit whose lines are read
        std::size_t read = 0;     // of them
        bool first = true;        // what is read at first is history and not counted
        std::uint64_t unit = 0;   // revisions
        std::uint64_t files = 0;
        std::uint64_t processes = 0;
        std::uint64_t trace = 0;
        std::vector<Process> known;  // with their roles
        GithubList github;
        Prober prober;
    };

    bool works(Trouble trouble) const { return world_.weather.during(trouble, at_) == nullptr; }
    void watch_unit(const SimulatedRunner& subject, Seen& seen, Runner& runner) const;
    void watch_processes(const SimulatedRunner& subject, Seen& seen, Runner& runner) const;
    void watch_cgroup(const SimulatedRunner& subject, Runner& runner) const;
    void watch_sockets(const SimulatedRunner& subject, Runner& runner) const;
    void watch_trace(const SimulatedRunner& subject, Seen& seen, Runner& runner) const;
    void read_journal(const SimulatedRunner& subject, Seen& seen, Runner& runner) const;
    void ask_github(const SimulatedRunner& subject, const Seen& seen, Runner& runner) const;
    void watch_host();

    const World& world_;
    const std::vector<SimulatedRunner>& runners_;
    std::vector<Seen> seen_;  // in the order of runners_
    Facts facts_;
    Instant at_{};
    Now now_{};
    Instant list_asked_{};  // GitHub's list, once a minute
};

}  // namespace paws::traces
