#include "collectors/processes.h"

#include "collectors/process_roles.h"

#include <algorithm>
#include <utility>
#include <vector>

namespace paws::collectors {

namespace {

// Those that are in both lists, which are ascending.
std::size_t count_common(std::span<const int> left, std::span<const int> right) {
    std::vector<int> common;
    std::ranges::set_intersection(left, right, std::back_inserter(common));
    return common.size();
}

}  // namespace

ProcessTree to_tree(std::span<const Process> processes) {
    ProcessTree tree;
    for (const auto role : process_roles) {
        tree.counts[role] = 0;
    }
    for (const auto& process : processes) {
        ++tree.counts[process.role];
    }
    // Those whose role only parentage gives come first: a job can start as many as it likes that
    // pass for an orphan or a helper by their name, and must not push the listener out.
    for (const auto role : process_roles) {
        for (const auto& process : processes) {
            if (process.role == role && tree.processes.size() < process_limit) {
                tree.processes.push_back(process);
            }
        }
    }
    return tree;
}

ProcessTree ProcessesCollector::look(const Runner& runner, Known& known) const {
    const auto& unit = *runner.unit_state.value;
    if (!unit.control_group.empty()) {
        known.control_group = unit.control_group;
    }
    if (known.control_group.empty()) {
        known.control_group = "/system.slice/" + runner.unit;  // where a system unit's cgroup is
    }
    const auto pids = hierarchy_.pids(known.control_group);
    const bool failed = !pids && pids.error().code != Errc::absent;
    const auto unread = known.table.update(pids ? *pids : std::vector<int>{});
    assign_roles(known.table.processes(), unit.main_pid);
    auto tree = to_tree(known.table.processes());
    if (failed) {
        tree.error = pids.error().what;
    }
    if (!unread.empty()) {
        // Gone between the two reads, unless the cgroup still lists them.
        const auto again = hierarchy_.pids(known.control_group);
        const auto hidden = again ? count_common(unread, *again) : 0;
        if (hidden > 0) {
            tree.error = std::to_string(hidden) +
                         " processes of the unit are hidden from the agent" + hidden_advice;
        }
    }
    return tree;
}

Result<Fill> ProcessesCollector::collect(const Facts& seen, const Now& now) {
    std::vector<std::pair<std::string, ProcessTree>> found;
    std::vector<const Runner*> unmanaged;
    for (const auto& runner : seen.runners) {
        if (runner.unit_state.value) {
            auto& known =
                known_.try_emplace(runner.name, Known{ProcessTable{root_}, {}}).first->second;
            found.emplace_back(runner.name, look(runner, known));
        } else if (!runner.managed && !runner.root.empty()) {
            unmanaged.push_back(&runner);
        }
    }
    std::erase_if(known_, [&](const auto& known) {
        return std::ranges::find(seen.runners, known.first, &Runner::name) == seen.runners.end();
    });
    for (auto& tree : unmanaged_.look(unmanaged, now)) {
        found.push_back(std::move(tree));
    }
    return Fill{[found = std::move(found), now](Facts& draft) {
        for (const auto& [name, tree] : found) {
            if (auto* runner = find_runner(draft, name)) {
                runner->processes = {.value = tree, .taken = now};
            }
        }
    }};
}

}  // namespace paws::collectors
