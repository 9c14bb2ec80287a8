// Options: the daemon's command line.

#pragma once

#include "agent/config.h"

#include <chrono>
#include <optional>
#include <string>
#include <variant>

namespace paws::agent {

struct Options {
    std::string config_file = "/etc/paws-agent/agent.toml";
    bool config_named = false;  // by --config: then it has to be there
    bool only_check = false;
    bool json = false;                              // the check's verdict
    std::optional<LogLevel> log_level;              // stronger than the file's
    std::optional<std::chrono::nanoseconds> since;  // logs: where no place is kept to go on from
};

// sysexits(3), as everywhere in this project.
inline constexpr int exit_usage = 64;
inline constexpr int exit_unavailable = 69;  // a port, a socket or a directory cannot be had
inline constexpr int exit_bug = 70;
inline constexpr int exit_config = 78;

// The options, or the exit code when all has been said already (--help, --version, a mistake).
std::variant<Options, int> parse_options(int argc, const char* const* argv);

}  // namespace paws::agent
