#include "collectors/units_merge.h"

#include <algorithm>
#include <utility>

namespace paws::collectors {

Runner static_runner(const StaticRunner& listed) {
    return {.name = listed.name, .unit = listed.unit, .root = listed.root};
}

Runner unit_runner(std::string_view unit) {
    return {.name = runner_name(unit), .unit = std::string{unit}, .root = ""};
}

void add_unit(Runner& runner, const UnitProperties& properties, const std::optional<Now>& asked) {
    if (asked) {
        runner.unit_state = {.value = to_unit(properties), .taken = *asked};
    }
    if (runner.root.empty()) {
        runner.root = runner_root(properties);
    }
}

void RunnerSet::add(Runner runner) {
    if (by_name_.contains(runner.name) || units_.contains(runner.unit)) {
        return;
    }
    if (!runner.unit.empty()) {
        units_.insert(runner.unit);
    }
    auto name = runner.name;
    by_name_.emplace(std::move(name), std::move(runner));
}

std::vector<Runner> RunnerSet::take() {
    std::vector<Runner> runners;
    for (auto& [name, runner] : std::exchange(by_name_, {})) {
        runners.push_back(std::move(runner));
    }
    units_.clear();
    return runners;
}

void merge_runners(std::vector<Runner>& drafted, const std::vector<Runner>& found) {
    std::vector<Runner> merged;
    merged.reserve(found.size());
    for (const auto& runner : found) {
        const auto known = std::ranges::find(drafted, runner.name, &Runner::name);
        if (known == drafted.end() || known->unit != runner.unit) {
            merged.push_back(runner);
            continue;
        }
        known->root = runner.root;
        known->managed = runner.managed;
        if (runner.unit_state.value) {
            known->unit_state = runner.unit_state;
        }
        merged.push_back(std::move(*known));
    }
    drafted = std::move(merged);
}

}  // namespace paws::collectors
