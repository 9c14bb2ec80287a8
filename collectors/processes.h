// Processes: the processes of each runner and what each of them is.
// A runner with a unit has those in the unit's cgroup, so the cost does not grow with the rest of
// the host; a runner without one is looked for in /proc (UnmanagedProcesses).

#pragma once

#include "collectors/cgroup_hierarchy.h"
#include "collectors/collector.h"
#include "collectors/process_table.h"
#include "collectors/unmanaged_processes.h"
#include "core/runner_facts.h"
#include "platform/root_fs.h"

#include <map>
#include <optional>
#include <span>
#include <string>
#include <string_view>

namespace paws::collectors {

class ProcessesCollector final : public Collector {
public:
    explicit ProcessesCollector(const platform::RootFs& root)
        : root_{root}, hierarchy_{root}, unmanaged_{root} {}
    std::string_view name() const override { return "processes"; }
    Stage stage() const override { return Stage::runners; }
    Result<Fill> collect(const Facts& seen, const Now& now) override;

private:
    // The processes of one unit. The cgroup is remembered: it outlives the unit with what the unit
    // left behind, when systemd has forgotten its name.
    struct Known {
        ProcessTable table;
        std::string control_group;
    };

    ProcessTree look(const Runner& runner, Known& known) const;

    platform::RootFs root_;
    CgroupHierarchy hierarchy_;
    UnmanagedProcesses unmanaged_;
    std::map<std::string, Known> known_;  // by the runner's name
};

// The tree as it is published: complete counts, and the processes that matter first.
ProcessTree to_tree(std::span<const Process> processes);

}  // namespace paws::collectors
