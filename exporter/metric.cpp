#include "exporter/metric.h"

#include "core/text.h"

#include <algorithm>
#include <limits>
#include <stdexcept>

namespace paws::exporter {

namespace {

prometheus::MetricType type_of(Kind kind) {
    switch (kind) {
        case Kind::counter:
            return prometheus::MetricType::Counter;
        case Kind::histogram:
            return prometheus::MetricType::Histogram;
        case Kind::gauge:
        case Kind::info:  // prometheus-cpp 1.0.1 and text 0.0.4 have no info
            return prometheus::MetricType::Gauge;
    }
    return prometheus::MetricType::Untyped;
}

}  // namespace

Series::Series(const Metric& metric) : kind_{metric.kind} {
    family_.name = metric.name;
    family_.help = metric.help;
    family_.type = type_of(metric.kind);
    for (auto rest = metric.labels; !rest.empty();) {
        label_names_.emplace_back(take_until(rest, ','));
    }
}

prometheus::ClientMetric& Series::append(Labels labels) {
    if (labels.size() != label_names_.size()) {
        throw std::logic_error{family_.name + ": a series with the wrong number of labels"};
    }
    auto& metric = family_.metric.emplace_back();
    metric.label.reserve(labels.size());
    auto name = label_names_.begin();
    for (const auto value : labels) {
        metric.label.push_back({*name++, valid_utf8(value)});
    }
    return metric;
}

void Series::add(double value, Labels labels) {
    auto& metric = append(labels);
    if (kind_ == Kind::counter) {
        metric.counter.value = value;
    } else {
        metric.gauge.value = value;
    }
}

void Series::add_first(double value, Labels labels) {
    std::string key;
    for (const auto label : labels) {
        key += valid_utf8(label);
        key += '\0';
    }
    if (seen_.insert(std::move(key)).second) {
        add(value, labels);
    }
}

void Series::add_histogram(std::span<const double> bounds,
                           std::span<const std::uint64_t> counts,
                           double sum,
                           Labels labels) {
    auto& histogram = append(labels).histogram;
    std::uint64_t below = 0;
    for (std::size_t at = 0; at < counts.size(); ++at) {
        below += counts[at];
        const auto bound =
            at < bounds.size() ? bounds[at] : std::numeric_limits<double>::infinity();
        histogram.bucket.push_back({below, bound});
    }
    histogram.sample_count = below;
    histogram.sample_sum = sum;
}

}  // namespace paws::exporter
