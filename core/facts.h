// Facts: everything the collectors observed, as one plain value.

#pragma once

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
    std::optional<std::string> journal_origin;  // Tallies::origin
};

inline Runner* find_runner(Facts& facts, std::string_view name) {
    const auto found = std::ranges::find(facts.runners, name, &Runner::name);
    return found == facts.runners.end() ? nullptr : &*found;
}

}  // namespace paws
