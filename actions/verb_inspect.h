// inspect: tells of a runner what the agent's user may not see: how much its directories hold, what
// its `.runner` says, which programs its processes are. Bounded in time, entries and memory: a
// runner's user decides how much there is.

#pragma once

#include "actions/runner_place.h"
#include "core/result.h"
#include "core/time.h"

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

namespace paws::actions {

inline constexpr const char* inspections_directory = "/run/paws-inspect";

struct InspectBounds {
    std::size_t entries = 5'000'000;  // looked at in all directories together
    std::chrono::seconds time{20};
    std::size_t settings_bytes = 64U << 10U;
    std::size_t programs = 512;
};

struct Program {
    int pid = 0;
    std::uint64_t start_ticks = 0;
    std::string path;
};

struct Inspection {
    std::string runner;
    Now taken;
    std::map<std::string, std::uint64_t> directory_bytes;  // by role: work, tool, update, diag
    std::map<std::string, std::string> missing;            // why a role, or settings, are not there
    std::optional<std::string> settings;                   // the text of `.runner`
    std::vector<Program> programs;
};

Inspection inspect(const RunnerPlace& place,
                   const platform::RootFs& fs,
                   const Now& now,
                   const InspectBounds& bounds = {});

// One object of JSON, "version" 1.
std::string to_json(const Inspection& inspection);

// Puts it at once where the agent reads it: RUNNER.json in `directory`, and removes there what is
// older than a day. What was done.
Result<std::string> publish(const Inspection& inspection,
                            const platform::RootFs& fs,
                            const std::string& directory);

}  // namespace paws::actions
