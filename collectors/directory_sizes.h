// Directory sizes: what a runner's directories hold on disk: `work` (with what follows in it),
// `tool` (_work/_tool), `update` (_work/_update) and `diag`, as du(1) counts them for the agent's
// user. Walks one runner at a time, a part in each round, every runner once in ten minutes; only
// complete walks are published, and not for long: a job that fills its directories faster than they
// are walked loses its own sizes, never those of others. What the agent's user may not walk is told
// as the last inspection found it. Lives on the probe "sizes", where a dead
// mount stops nothing else.

#pragma once

#include "collectors/collector.h"
#include "core/runner_facts.h"
#include "platform/beneath_usage.h"
#include "platform/runner_directories.h"

#include <chrono>
#include <cstddef>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace paws::collectors {

class DirectorySizesCollector final : public Collector {
public:
    struct Pace {
        std::size_t entries = 10'000;         // looked at in a round
        std::chrono::milliseconds time{150};  // spent in a round
        std::chrono::minutes interval{10};    // from the end of a runner's walk to its next
        std::chrono::minutes patience{10};    // with a runner's walk
    };

    explicit DirectorySizesCollector(platform::RunnerDirectories directories)
        : DirectorySizesCollector{std::move(directories), Pace{}} {}
    DirectorySizesCollector(platform::RunnerDirectories directories, const Pace& pace)
        : directories_{std::move(directories)}, pace_{pace} {}
    std::string_view name() const override { return "directory_sizes"; }
    Stage stage() const override { return Stage::runners; }
    Result<Fill> collect(const Facts& seen, const Now& now) override;
    // The runners whose last walk did not come to its end.
    std::optional<Error> shortfall() const override;

private:
    struct Part {
        std::string role;
        platform::BeneathUsage usage;
    };
    struct Apart {
        const char* role;
        std::vector<std::string> directories;  // counted for themselves as well
    };
    struct Walk {
        std::string runner;
        BootTime begun;
        std::vector<Part> parts;  // not walked yet, the next at the end
        DirectoryBytes found;
        std::optional<Error> lacks;  // why a part is not in `found`
        bool closed = false;         // the agent may not walk through a part
    };
    struct Known {
        std::string root;
        std::optional<BootTime> ended;  // of the last walk, complete or given up
        Sourced<DirectoryBytes> sizes;
        std::optional<Error> lacks;
        bool closed = false;
    };

    const Runner* next_due(const Facts& seen, const Now& now) const;
    static void add_part(Walk& walk, Result<platform::Beneath> directory, Apart apart);
    Walk begin(const Runner& runner, const Now& now) const;
    void forget_others(const Facts& seen);
    bool advance(std::size_t& entries);  // true: the walk has ended
    void give_up_when_late(const Now& now);
    void end(const Now& now);
    Fill finished(const Now& now) const;

    platform::RunnerDirectories directories_;
    Pace pace_;
    std::map<std::string, Known> known_;  // by the runner's name
    std::optional<Walk> walk_;
};

}  // namespace paws::collectors
