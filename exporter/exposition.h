// Exposition: metric families as the text that Prometheus reads. Pure; escapes whatever others put
// into label values.

#pragma once

#include <string>
#include <string_view>
#include <vector>

#include <prometheus/metric_family.h>

namespace paws::exporter {

enum class Format { text, openmetrics };

// Text 0.0.4, or OpenMetrics 1.0 (specification: prometheus/OpenMetrics).
std::string expose(const std::vector<prometheus::MetricFamily>& families, Format format);

}  // namespace paws::exporter
