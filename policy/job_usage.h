// Job usage: what a runner's jobs take of this host, from the facts of successive ticks.
//
// Counters of the runner's cgroup, of its PSI and of its connect errors are read each tick; what
// was added while a job ran is the job's. The runner's listener shares the cgroup: its few
// milliseconds count with the job. A tick that saw one job end and the next begin gives what was
// added in it to the one that ended. Of a job whose beginning was not seen nothing is told: a part
// would pass for the whole.

#pragma once

#include "core/facts.h"
#include "core/judgement.h"
#include "core/time.h"

#include <optional>
#include <vector>

namespace paws::policy {

struct JobView {
    std::optional<JobUsage> running;
    std::vector<JobRecord> finished;  // those of RunnerLog::finished, in their order
};

// Renews `meter` (kept over ticks, absent at the first) from this tick's facts.
JobView measure_jobs(const Runner& runner,
                     const Host& host,
                     std::optional<JobMeter>& meter,
                     const Now& now);

}  // namespace paws::policy
