// Blame: who has to act. Weighed after state and problems are known: the host's own troubles come
// first, as they make runners and networks fail.

#pragma once

#include "core/facts.h"
#include "core/judgement.h"
#include "core/time.h"
#include "policy/contact.h"
#include "policy/runner_problems.h"
#include "policy/runner_state.h"

#include <optional>

namespace paws::policy {

struct Findings {
    const StateView& view;
    const Problems& problems;
    const ContactView& contact;
};

// Nothing while there is nothing to blame anybody for.
std::optional<Blame> blame_for(const Runner& runner,
                               const Findings& found,
                               const HostView& host,
                               const Now& now);

}  // namespace paws::policy
