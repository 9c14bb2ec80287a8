// Self: what the agent tells of itself. describe() may be called from any thread.

#pragma once

#include "agent/probe.h"
#include "exporter/agent_info.h"

#include <mutex>
#include <optional>
#include <string>
#include <string_view>

namespace paws::agent {

struct OwnStat {
    std::uint64_t cpu_ticks = 0;    // user and system
    std::uint64_t start_ticks = 0;  // after boot
    std::uint64_t virtual_bytes = 0;
    std::uint64_t resident_pages = 0;
};

// /proc/self/stat, proc_pid_stat(5). Pure.
std::optional<OwnStat> parse_own_stat(std::string_view text);

class Self {
public:
    Self(Clock clock, std::string environment, std::string config_file)
        : clock_{std::move(clock)},
          config_file_{std::move(config_file)},
          environment_{std::move(environment)} {}

    void set_environment(const std::string& environment);
    exporter::AgentInfo describe() const;
    Now now() const { return clock_(); }

private:
    Clock clock_;
    std::string config_file_;
    mutable std::mutex mutex_;
    std::string environment_;
};

}  // namespace paws::agent
