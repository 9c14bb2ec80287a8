#include "policy/forecast.h"

#include <chrono>

namespace paws::policy {

namespace {

using namespace std::chrono_literals;

constexpr auto sample_every = 60s;
constexpr auto sample_memory = 1h;
constexpr auto shortest_trend = 10min;
constexpr double horizon_seconds = 30.0 * 24 * 3600;

// Bytes a second, by least squares over (seconds, bytes).
double slope(const std::vector<SpaceSample>& samples) {
    const auto count = static_cast<double>(samples.size());
    const auto first = samples.front().at;
    double mean_x = 0;
    double mean_y = 0;
    for (const auto& sample : samples) {
        mean_x += to_seconds(sample.at - first) / count;
        mean_y += static_cast<double>(sample.avail_bytes) / count;
    }
    double covariance = 0;
    double variance = 0;
    for (const auto& sample : samples) {
        const double x = to_seconds(sample.at - first) - mean_x;
        covariance += x * (static_cast<double>(sample.avail_bytes) - mean_y);
        variance += x * x;
    }
    return variance > 0 ? covariance / variance : 0;
}

}  // namespace

void remember(std::vector<SpaceSample>& samples, const SpaceSample& sample) {
    if (!samples.empty() && sample.at - samples.back().at < sample_every) {
        return;
    }
    std::erase_if(samples,
                  [&](const SpaceSample& old) { return sample.at - old.at > sample_memory; });
    samples.push_back(sample);
}

std::optional<double> full_in_seconds(const std::vector<SpaceSample>& samples) {
    if (samples.empty() || samples.back().at - samples.front().at < shortest_trend) {
        return std::nullopt;
    }
    const double lost_per_second = -slope(samples);
    if (lost_per_second <= 0) {
        return std::nullopt;
    }
    const double left = static_cast<double>(samples.back().avail_bytes) / lost_per_second;
    return left <= horizon_seconds ? std::optional{left} : std::nullopt;
}

}  // namespace paws::policy
