// Contact: the newest sign of life from GitHub, and what its absence means.
//
// An idle listener has a poll answered at least every 50 s (runner facts, 3), so bytes received on
// its sockets are contact. While a job runs, the job's own connections are in the same cgroup and
// say nothing of the listener: then the renewal of the job's lease counts, once a minute.

#pragma once

#include "core/facts.h"
#include "core/judgement.h"
#include "core/time.h"
#include "policy/silence.h"

#include <optional>

namespace paws::policy {

struct ContactView {
    std::optional<BootTime> last{};         // the newest sign of any kind
    bool watched = false;                   // a silence would be noticed now
    bool by_lease = false;                  // a worker runs: its lease counts, not sockets
    bool way_known = false;                 // this host itself has tried the way to GitHub
    bool shared = false;                    // other processes of the unit may own its sockets
    std::chrono::nanoseconds silent_for{};  // from the last sign, or the first look without one
    std::chrono::nanoseconds stuck_for{};   // the listener runs no code (state D, T or Z)
    std::chrono::nanoseconds sockets_silent_for{};  // nothing came on any, open or closed since
    std::chrono::nanoseconds unexplained_for{};     // the part of it that nothing explains
    std::optional<Explanation> explanation{};       // of a silence, if there is one now
};

// Renews `memory` (kept over ticks) from this tick's facts and says how things stand.
ContactView view_contact(const Runner& runner, std::optional<Contact>& memory, const Now& now);

}  // namespace paws::policy
