// Runner problems: what to worry about beside what the runner does.

#pragma once

#include "core/facts.h"
#include "core/judgement.h"
#include "core/time.h"
#include "policy/contact.h"

#include <optional>
#include <vector>

namespace paws::policy {

struct HostView {
    const Host& facts;
    const HostJudgement& judged;
    const std::vector<Runner>& runners;
};

// `exertion` is the previous tick's (kept over ticks) and becomes this one's.
Problems runner_problems(const Runner& runner,
                         const ContactView& contact,
                         const HostView& host,
                         std::optional<Exertion>& exertion,
                         const Now& now);

}  // namespace paws::policy
