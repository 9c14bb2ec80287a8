#include "policy/processes.h"

#include "core/snapshot.h"

#include <algorithm>
#include <string_view>

namespace paws::policy {

const Process* listener_of(const Runner& runner, const Now& now) {
    const auto* tree = fresh(runner.processes, now);
    if (tree == nullptr) {
        return nullptr;
    }
    const auto found = std::ranges::find(tree->processes, ProcessRole::listener, &Process::role);
    return found == tree->processes.end() ? nullptr : &*found;
}

const ProcessTree* telling_processes(const Runner& runner, const Now& now) {
    const auto* tree = fresh(runner.processes, now);
    const bool tells =
        tree != nullptr && (tree->error.empty() || listener_of(runner, now) != nullptr);
    return tells ? tree : nullptr;
}

bool has(const ProcessTree& tree, ProcessRole role) {
    const auto count = tree.counts.find(role);
    return count != tree.counts.end() && count->second > 0;
}

bool has_worker(const Runner& runner, const Now& now) {
    const auto* tree = telling_processes(runner, now);
    return tree != nullptr && has(*tree, ProcessRole::worker);
}

bool has_company(const ProcessTree& tree) {
    return std::ranges::any_of(tree.counts, [](const auto& count) {
        const auto [role, number] = count;
        return number > 0 && role != ProcessRole::shell && role != ProcessRole::wrapper &&
               role != ProcessRole::listener;
    });
}

bool is_stuck(const Process& process) {
    return std::string_view{"DTtZ"}.find(process.state) != std::string_view::npos;
}

}  // namespace paws::policy
