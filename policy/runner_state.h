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
}  // namespace paws::policy
