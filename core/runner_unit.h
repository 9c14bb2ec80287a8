// Runner unit: the unit that svc.sh makes for a runner, the runner's name in it, and the instances
// of our own units that are named after it. Pure.

#pragma once

#include "core/text.h"

#include <algorithm>
#include <string>
#include <string_view>

namespace paws {

inline constexpr std::string_view runner_unit_prefix = "actions.runner.";
inline constexpr std::string_view service_suffix = ".service";

inline bool is_runner_unit(std::string_view unit) {
    return unit.starts_with(runner_unit_prefix) && unit.ends_with(service_suffix) &&
           unit.size() > runner_unit_prefix.size() + service_suffix.size();
}

// "actions.runner.acme-widgets.build-01.service" → "acme-widgets.build-01"; other units keep their
// whole name.
inline std::string runner_name(std::string_view unit) {
    if (!is_runner_unit(unit)) {
        return std::string{unit};
    }
    unit.remove_prefix(runner_unit_prefix.size());
    unit.remove_suffix(service_suffix.size());
    return std::string{unit};
}

inline std::string runner_unit(std::string_view runner) {
    return std::string{runner_unit_prefix} + std::string{runner} + std::string{service_suffix};
}

// Whether it can be the instance of a unit, and part of a file's name: the characters that systemd
// allows in unit names (systemd.unit(5)), in a length that leaves room, and never a step upwards.
// The polkit rule says the same.
inline bool is_instance(std::string_view runner) {
    static constexpr std::size_t longest = 220;  // of 255, for what stands around it
    const auto allowed = [](char letter) {
        return (letter >= 'a' && letter <= 'z') || (letter >= 'A' && letter <= 'Z') ||
               (letter >= '0' && letter <= '9') ||
               std::string_view{"_.@:\\-"}.find(letter) != std::string_view::npos;
    };
    return !runner.empty() && runner.size() <= longest && runner.front() != '.' &&
           runner.find("..") == std::string_view::npos && std::ranges::all_of(runner, allowed);
}

// Where the runner is installed, by its unit: the working directory, else the directory of its
// runsvc.sh; empty when neither says so. `exec_start` is "{ path=/opt/runner/runsvc.sh ; ... }".
inline std::string runner_root(std::string_view working_directory, std::string_view exec_start) {
    static constexpr std::string_view key = "path=";
    static constexpr std::string_view script = "/runsvc.sh";
    if (working_directory.starts_with('!')) {  // it may be missing (a "-" in the unit file)
        working_directory.remove_prefix(1);
    }
    if (working_directory.starts_with('/') && working_directory.size() > 1) {
        return std::string{working_directory};
    }
    const auto begin = exec_start.find(key);
    if (begin == std::string_view::npos) {
        return {};
    }
    auto program = exec_start.substr(begin + key.size());
    program = program.substr(0, program.find(" ;"));
    if (program.starts_with('/') && program.ends_with(script)) {
        return std::string{program.substr(0, program.size() - script.size())};
    }
    return {};
}

}  // namespace paws
