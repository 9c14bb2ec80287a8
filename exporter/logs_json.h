// Logs JSON: the document of /api/v1/logs and of `pawsctl logs status --json`. Pure.

#pragma once

#include "core/snapshot.h"
#include "exporter/agent_info.h"

#include <boost/json/object.hpp>
#include <boost/json/value.hpp>

namespace paws::exporter {

boost::json::object logs_json(const Snapshot& snapshot, const AgentInfo& agent);

// In short, for the status: {"state","lag_seconds","trouble"}; null when no logs are shipped.
boost::json::value shipping_json(const Snapshot& snapshot, const AgentInfo& agent);

}  // namespace paws::exporter
