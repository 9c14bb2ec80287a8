// Duplicate: two runners of this host that are one to GitHub, because two units share a root or a
// root with its registration was copied. GitHub gives a session to one of them; the other is told
// "A session for this runner already exists", or takes the first one's place (runner facts 12, 6).

#pragma once

#include "core/facts.h"
#include "core/time.h"

#include <optional>
#include <string>
#include <vector>

namespace paws::policy {

struct Duplicate {
    std::string of;   // the other runner's name
    std::string why;  // "the same directory /opt/runner", "the same registration (agent 12 of ...)"
};

// Nothing when there is none; only runners at work count, one that is stopped is in nobody's way.
std::optional<Duplicate> duplicate_of(const Runner& runner,
                                      const std::vector<Runner>& all,
                                      const Now& now);

}  // namespace paws::policy
