// Jobs JSON: the running and the ended jobs as `pawsctl jobs --json` and /api/v1/jobs show them.

#pragma once

#include "core/job.h"
#include "core/snapshot.h"
#include "exporter/agent_info.h"

#include <string>
#include <vector>

#include <boost/json/object.hpp>

namespace paws::exporter {

// {"version":1,"time","running":[...],"jobs":[...]}: those that run now, then `ended` as it is.
boost::json::object jobs_json(const Snapshot& snapshot,
                              const AgentInfo& agent,
                              const JobQuery& query,
                              const std::vector<RunnerJob>& ended);

}  // namespace paws::exporter
