// Contact: the newest sign of life from GitHub, from sockets and from the runner's own lines.

#pragma once

#include "core/facts.h"
#include "core/judgement.h"
#include "core/time.h"

#include <optional>

namespace paws::policy {

struct ContactView {
    std::optional<BootTime> last;         // the newest sign of any kind
    bool watched = false;                 // sockets are visible, so that silence means something
    std::chrono::nanoseconds silent_for;  // counted from the first look where there was no sign yet
};

// Renews `memory` (kept over ticks) from this tick's facts and says how things stand.
ContactView view_contact(const Runner& runner, std::optional<Contact>& memory, const Now& now);

}  // namespace paws::policy
