// Processes of a runner as policy asks for them.

#pragma once

#include "core/facts.h"
#include "core/time.h"

namespace paws::policy {

// The listener of the runner, null when it has none or none can be seen.
const Process* listener_of(const Runner& runner, const Now& now);

// Null when the listener may be among those that are hidden: what is not seen is not gone.
const ProcessTree* telling_processes(const Runner& runner, const Now& now);

bool has(const ProcessTree& tree, ProcessRole role);
bool has_worker(const Runner& runner, const Now& now);

// Whether somebody else than the runner's own programs may own sockets of the unit.
bool has_company(const ProcessTree& tree);

// In process state D, T or Z, in which it can answer nobody.
bool is_stuck(const Process& process);

}  // namespace paws::policy
