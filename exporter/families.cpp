#include "exporter/families.h"

#include "exporter/schema.h"

namespace paws::exporter {

namespace {

void append(std::vector<prometheus::MetricFamily>& families,
            std::span<const Metric> metrics,
            const View& view) {
    for (const auto& metric : metrics) {
        if (metric.fill == nullptr) {
            continue;
        }
        Series series{metric};
        metric.fill(view, series);
        if (auto family = std::move(series).take(); !family.metric.empty()) {
            families.push_back(std::move(family));
        }
    }
}

}  // namespace

std::vector<prometheus::MetricFamily> to_families(const Snapshot& snapshot,
                                                  const AgentInfo& agent,
                                                  const Options& options) {
    const View view{.snapshot = snapshot, .agent = agent};
    std::vector<prometheus::MetricFamily> families;
    for (const auto& section : schema()) {
        append(families, section.metrics, view);
    }
    if (options.legacy_metrics) {
        append(families, legacy_metrics(), view);
    }
    return families;
}

}  // namespace paws::exporter
