// Runner state: what one runner does, by the order of precedence of RunnerState.

#pragma once

#include "core/facts.h"
#include "core/judgement.h"
#include "core/time.h"
#include "policy/contact.h"

#include <string>

namespace paws::policy {

struct StateView {
    RunnerState state = RunnerState::unknown;
    std::string reason;             // for `stopped` the first word is the reason's name
    std::optional<WallTime> since;  // when the facts say that it began
};

StateView runner_state(const Runner& runner, const ContactView& contact, const Now& now);

// The listener of the runner, null when it has none or none can be seen.
const Process* listener_of(const Runner& runner, const Now& now);

}  // namespace paws::policy
