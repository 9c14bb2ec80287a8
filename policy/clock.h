// Clock: how wrong this host's clock is by what GitHub's servers say. The kernel's own word ends at
// half a second and knows nothing of a time source that is wrong itself.

#pragma once

#include "core/facts.h"
#include "core/time.h"

#include <optional>
#include <vector>

namespace paws::policy {

// Seconds that this host's clock is behind (negative: ahead), by the Date of the answers that the
// agent had of late from servers that runners need. Of several the one that differs least: one
// server may be wrong itself. 0 when a Date, which names a second, fits. Nothing when none
// answered.
std::optional<double> clock_behind_github(const std::vector<Runner>& runners, const Now& now);

// GitHub refuses the runner's token soon, at five minutes for certain.
bool clock_is_far_off(std::optional<double> behind_seconds);
bool clock_is_off(std::optional<double> behind_seconds);

}  // namespace paws::policy
