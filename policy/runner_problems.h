// Runner problems: what to worry about beside what the runner does, and the evidence for people.

#pragma once

#include "core/facts.h"
#include "core/judgement.h"
#include "core/time.h"
#include "policy/contact.h"

#include <vector>

namespace paws::policy {

struct HostView {
    const Host& facts;
    const HostJudgement& judged;
};

Problems runner_problems(const Runner& runner, const HostView& host, const Now& now);

// The facts a person would ask for first, each with its age.
std::vector<Evidence> evidence_of(const Runner& runner, const ContactView& contact, const Now& now);

}  // namespace paws::policy
