// Facts: everything the collectors observed, as one plain value.

#pragma once

#include "core/github_facts.h"
#include "core/host_facts.h"
#include "core/runner_facts.h"

#include <algorithm>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace paws {

struct Facts {
    Host host;
    std::vector<Runner> runners;                // by name, ascending
    std::optional<GithubApi> github_api;        // absent: not configured, or not asked yet
    std::optional<std::string> journal_origin;  // Tallies::origin
};

inline Runner* find_runner(Facts& facts, std::string_view name) {
    const auto found = std::ranges::find(facts.runners, name, &Runner::name);
    return found == facts.runners.end() ? nullptr : &*found;
}

// By its name, its unit, or GitHub's name where only one has it; null when none is meant.
inline const Runner* runner_meant(const Facts& facts, std::string_view meant) {
    const auto& runners = facts.runners;
    const auto known = std::ranges::find_if(runners, [&](const Runner& runner) {
        return runner.name == meant || (!runner.unit.empty() && runner.unit == meant);
    });
    if (known != runners.end()) {
        return &*known;
    }
    const auto has_name = [&](const Runner& runner) {
        const auto& files = runner.files.value;
        return files && files->settings && files->settings->agent_name == meant;
    };
    const auto first = std::ranges::find_if(runners, has_name);
    const bool only = first != runners.end() && std::none_of(first + 1, runners.end(), has_name);
    return only ? &*first : nullptr;
}

}  // namespace paws
