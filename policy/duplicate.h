// Duplicate: two runners of this host that are one to GitHub, because two units share a root or a
// root with its registration was copied, or one runner that has two listeners. GitHub gives a
// session to one of them; the other is told "A session for this runner already exists", or takes
// the first one's place (runner facts 12, 6).

#pragma once

#include "core/facts.h"
#include "core/time.h"

#include <optional>
#include <string>
#include <vector>

namespace paws::policy {

struct Duplicate {
    std::string of;   // the other runner's name; its own, if the other listener is
    std::string why;  // "the same directory, /opt/runner", "2 listeners in one directory"
};

// Nothing when there is none; only runners at work count, one that is stopped is in nobody's way.
std::optional<Duplicate> duplicate_of(const Runner& runner,
                                      const std::vector<Runner>& all,
                                      const Now& now);

}  // namespace paws::policy
