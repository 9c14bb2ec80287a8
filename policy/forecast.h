// Forecast: hours until a filesystem is full, from the trend of the last hour.

#pragma once

#include "core/judgement.h"

#include <optional>
#include <vector>

namespace paws::policy {

// Adds a reading, at most one a minute, and forgets those over an hour old.
void remember(std::vector<SpaceSample>& samples, const SpaceSample& sample);

// Seconds until nothing is left if the trend goes on; nullopt without ten minutes of readings,
// without a shrinking trend, or when that is more than 30 days away.
std::optional<double> full_in_seconds(const std::vector<SpaceSample>& samples);

}  // namespace paws::policy
