// Schema: every metric of the agent. Names, types, units and labels are a contract with dashboards
// and rules (docs/metrics.md is made from this table).

#pragma once

#include "exporter/metric.h"

#include <span>
#include <string_view>

namespace paws::exporter {

struct Section {
    std::string_view title;
    std::string_view about;
    std::span<const Metric> metrics;
};

std::span<const Section> schema();

// The seven names of the earlier exporter, under [exporter] legacy_metrics = true.
std::span<const Metric> legacy_metrics();

// The row of `name`; null when there is none.
const Metric* find_metric(std::string_view name);

}  // namespace paws::exporter
