// Metric: one row of the schema: what a metric is called, what it means, when it is absent, and the
// function that reads its values off a snapshot. Pure; safe for concurrent use.

#pragma once

#include "exporter/view.h"

#include <concepts>
#include <initializer_list>
#include <span>
#include <string>
#include <string_view>
#include <unordered_set>
#include <utility>
#include <vector>

#include <prometheus/metric_family.h>

namespace paws::exporter {

enum class Kind { gauge, counter, histogram, info };

class Series;

struct Metric {
    std::string_view name;
    Kind kind = Kind::gauge;
    std::string_view unit;    // base unit the name ends in (before _total), empty for none
    std::string_view labels;  // their names, separated by commas
    std::string_view help;
    std::string_view absent;  // when there is no series, for the operator
    void (*fill)(const View& view, Series& out) = nullptr;  // null: no source in this version
};

using Labels = std::initializer_list<std::string_view>;

// The series of one metric in one answer. Label values come in the order of Metric::labels; bytes
// that are not UTF-8 become U+FFFD, as one such byte makes Prometheus refuse the whole answer.
class Series {
public:
    explicit Series(const Metric& metric);

    void add(double value, Labels labels = {});
    template <std::integral Number>
    void add(Number value, Labels labels = {}) {
        add(static_cast<double>(value), labels);
    }
    // For labels that the outside names (a mountpoint): the first of equal ones counts.
    void add_first(double value, Labels labels);
    // Counts per bucket, not cumulative; the last one is above all `bounds`.
    void add_histogram(std::span<const double> bounds,
                       std::span<const std::uint64_t> counts,
                       double sum,
                       Labels labels);

    prometheus::MetricFamily take() && { return std::move(family_); }

private:
    prometheus::ClientMetric& append(Labels labels);

    Kind kind_;
    std::vector<std::string> label_names_;
    std::unordered_set<std::string> seen_;
    prometheus::MetricFamily family_;
};

}  // namespace paws::exporter
