// The JSON that people's tools read: `pawsctl --json` and /api/v1/status give the same document,
// version 1. Times are RFC 3339 in UTC; what is unknown is null or missing, never zero. Pure.

#pragma once

#include "core/snapshot.h"
#include "exporter/agent_info.h"

#include <optional>
#include <string>
#include <string_view>

#include <boost/json/object.hpp>

namespace paws::exporter {

// {"version":1,"time","host":{},"agent":{},"runners":[{"name","state",...,"job":{}|null}]}
boost::json::object status_json(const Snapshot& snapshot, const AgentInfo& agent);

// Everything known of the runner `name` (or of that agent_name, when only one has it): an entry of
// status_json with unit, files, processes, cgroup, sockets, log and last jobs. Empty: no such
// runner.
std::optional<boost::json::object> runner_json(const Snapshot& snapshot,
                                               const AgentInfo& agent,
                                               std::string_view name);

// "2025-11-23T14:49:00.123Z"
std::string rfc3339(WallTime time);

}  // namespace paws::exporter
