// open: hands the directories of a runner to the agent, which may not come there by itself. It gets
// what any descriptor of a directory gives: to list it and to go on from there with its own rights.

#pragma once

#include "actions/runner_place.h"
#include "core/result.h"

#include <string>

namespace paws::actions {

// What was done, for the journal. `runtime_dir` is the agent's, `agent_uid` its user: nobody else
// gets anything.
Result<std::string> open_runner(const RunnerPlace& place,
                                const std::string& runtime_dir,
                                std::uint32_t agent_uid);

}  // namespace paws::actions
