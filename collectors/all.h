// all(): every collector of this agent, in an explicit list.

#pragma once

#include "collectors/clock.h"
#include "collectors/collector.h"
#include "collectors/filesystem.h"
#include "collectors/github_client.h"
#include "collectors/mounts.h"
#include "core/runner_facts.h"
#include "platform/root_fs.h"
#include "platform/runner_directories.h"

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace paws::collectors {

// A runner named in the configuration, for hosts without systemd ([[runners.static]]).
struct StaticRunner {
    std::string name;
    std::string root;
    std::string
        unit;  // empty: no systemd unit; else the unit whose journal lines are this runner's

    bool operator==(const StaticRunner&) const = default;
};

struct Options {
    platform::RootFs root;
    bool discover_runners = true;
    std::vector<StaticRunner> static_runners;
    // Each with all that is mounted below it; one that ends in '/' means what is below it alone.
    std::vector<std::string> exclude_mountpoints = default_excluded_mountpoints();
    std::vector<std::string> exclude_fstypes = default_excluded_fstypes();
    std::string journal_directory;  // empty: the system's journal
    std::string journal_namespace;
    GithubSettings github;                       // asked only with a credential
    std::function<Now()> now;                    // for what comes between two ticks
    std::optional<Tallies> tallies = Tallies{};  // absent: what was counted is not known yet
    // What no file below the root can tell; recorded hosts bring their own answers.
    AskUsage usage;  // none: statvfs below the root
    AskClock clock;  // none: adjtimex
    // The directories of runners that were opened for the agent.
    std::shared_ptr<const platform::HandedOver> handed = nullptr;
};

// A collector and the probe (thread) it lives on. Collectors of one probe run in this order.
struct Source {
    std::string_view probe;
    std::unique_ptr<Collector> collector;
};

std::vector<Source> all(const Options& options);

}  // namespace paws::collectors
