// Stopped: why a runner is not running, and whether that was its regular end.

#pragma once

#include "policy/runner_state.h"

namespace paws::policy {

// For a runner whose unit is inactive or failed, or that has no process where there is no systemd:
// `done`, `unregistered` or `stopped` with operator, clean_exit, crash, oom, disabled or masked.
StateView stopped_state(const Runner& runner, const Now& now);

}  // namespace paws::policy
