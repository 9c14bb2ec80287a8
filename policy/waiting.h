// Waiting: a job at GitHub that a runner could take and is not given.

#pragma once

#include "core/facts.h"
#include "core/time.h"

#include <optional>

namespace paws::policy {

struct KeptFrom {
    const WaitingJob* job = nullptr;
    double seconds = 0;  // for how long the job has waited and the runner was free
};

// `job` is null while it is right that none is given: none waits, the runner works, an operator
// drains it. Absent where that is not known: GitHub was not asked, does not call it online, or what
// the runner printed cannot be read.
std::optional<KeptFrom> job_kept_from(const Runner& runner, const Now& now);

}  // namespace paws::policy
