// The JSON that people's tools read: `pawsctl status --json` and /api/v1/status give the same
// document, version 1. Times are RFC 3339 in UTC; what is unknown is null, never zero. Pure.

#pragma once

#include "core/snapshot.h"
#include "exporter/agent_info.h"

#include <optional>
#include <string_view>

#include <boost/json/object.hpp>

namespace paws::exporter {

// {"version":1,"time","host":{},"agent":{},"runners":[{"name","state",...,"job":{}|null,"jobs":[]}]}
boost::json::object status_json(const Snapshot& snapshot, const AgentInfo& agent);

// {"version":1,"time","runners":[...]}: the runners of status_json alone.
boost::json::object runners_json(const Snapshot& snapshot, const AgentInfo& agent);

// Everything known of one runner, named by its name or, where only one has it, its agent_name: an
// entry of status_json's runners with time, unit, files, processes, cgroup, sockets and log.
std::optional<boost::json::object> runner_json(const Snapshot& snapshot,
                                               const AgentInfo& agent,
                                               std::string_view name);

}  // namespace paws::exporter
