// Families: a snapshot as metric families, ready for a serializer. Pure: a disk that vanished
// vanishes from the answer by itself.

#pragma once

#include "core/snapshot.h"
#include "exporter/agent_info.h"

#include <vector>

#include <prometheus/metric_family.h>

namespace paws::exporter {

// In the order of the schema; a metric without a series is left out.
std::vector<prometheus::MetricFamily> to_families(const Snapshot& snapshot,
                                                  const AgentInfo& agent,
                                                  const Options& options);

}  // namespace paws::exporter
