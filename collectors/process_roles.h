// Process roles: which process of a runner is what. Pure.
// Only parentage makes a shell, wrapper, listener or worker: job code can take any name, but it
// cannot become a child of the unit's main process, its wrapper or its listener.

#pragma once

#include "core/runner_facts.h"

#include <span>

namespace paws::collectors {

inline constexpr std::string_view listener_comm = "Runner.Listener";
inline constexpr std::string_view worker_comm = "Runner.Worker";

// Sets the role of each of `processes`, which are sorted by pid and are all that the runner has.
// `main_pid` is the unit's; 0 when it has none. A role of the round before is kept only for a
// helper.
void assign_roles(std::span<Process> processes, int main_pid);

}  // namespace paws::collectors
