#include "agent/status_line.h"

#include "core/names.h"

#include <algorithm>

namespace paws::agent {

namespace {

std::string counted(std::ptrdiff_t count, const std::string& noun) {
    return std::to_string(count) + " " + noun + (count == 1 ? "" : "s");
}

}  // namespace

std::string status_line(const Snapshot& snapshot) {
    const auto& runners = snapshot.judged.runners;
    auto line = counted(std::ssize(runners), "runner");
    std::string separator = ": ";
    const auto add = [&](RunnerState state) {
        const auto count = std::ranges::count(runners, state, &RunnerJudgement::state);
        if (count > 0) {
            line += separator + std::to_string(count) + " " + std::string{to_string(state)};
            separator = ", ";
        }
    };
    std::for_each(runner_states.rbegin(), runner_states.rend(), add);
    const auto failing = std::ranges::count(snapshot.collectors, false, &CollectorReport::success);
    if (failing > 0) {
        line += "; " + counted(failing, "collector") + " failing";
    }
    return line;
}

}  // namespace paws::agent
