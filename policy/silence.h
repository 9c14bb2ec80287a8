// Silence: what may explain that nothing is heard from GitHub, and who is to blame for it.

#pragma once

#include "core/facts.h"
#include "core/judgement.h"
#include "core/time.h"

#include <optional>
#include <string>

namespace paws::policy {

struct Explanation {
    Blame blame = Blame::unknown;
    std::string text;               // one line for people
    std::optional<WallTime> since;  // when the facts say that it began
};

// The agent's own attempt to reach where the listener polls; null without a present one.
const Reach* polled_reach(const Runner& runner, const Now& now);

// The way to GitHub first, as only that is seen from outside; then what the runner says itself.
// `last`: the newest sign of life; what was said before it explains nothing any more.
std::optional<Explanation> explain_silence(const Runner& runner,
                                           const std::optional<BootTime>& last,
                                           const Now& now);

}  // namespace paws::policy
