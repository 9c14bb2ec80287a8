// Waiting: the job at GitHub that a runner could take and is not given.

#pragma once

#include "core/facts.h"
#include "core/time.h"

namespace paws::policy {

// Null while GitHub has other reasons not to give it (the runner is offline or busy, an operator
// drains it), and where nothing is known.
const WaitingJob* job_kept_from(const Runner& runner, const Now& now);

}  // namespace paws::policy
