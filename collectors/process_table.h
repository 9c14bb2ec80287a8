// Process table: the processes with given pids, read from /proc as rarely as the truth allows.
// New processes and all that have a role are read in every round, a job's others in turn: their
// number is exact, their state and parent may be some rounds old.

#pragma once

#include "core/runner_facts.h"
#include "platform/root_fs.h"

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <vector>

namespace paws::collectors {

class ProcessTable {
public:
    explicit ProcessTable(platform::RootFs root) : root_{std::move(root)} {}

    // Afterwards the table holds those of `pids` (ascending) that could be read. Returns the rest:
    // gone meanwhile, or hidden.
    std::vector<int> update(std::span<const int> pids);

    std::span<Process> processes() { return rows_.processes; }  // by pid

private:
    struct Rows {
        std::vector<Process> processes;
        std::vector<std::uint8_t> sightings;  // of the process at the same place; stops at 2
        void add(Process process, std::uint8_t times_seen);
    };

    bool is_due(std::size_t at) const;
    std::optional<Process> read(int pid) const;
    bool renew(int pid, const Process* before, Rows& into) const;

    platform::RootFs root_;
    Rows rows_;
    std::size_t turn_ = 0;  // those from here to turn_end_ are read in this round
    std::size_t turn_end_ = 0;
};

}  // namespace paws::collectors
