// Evidence: the facts that a person would ask for first, each with its age.

#pragma once

#include "core/facts.h"
#include "core/judgement.h"
#include "core/time.h"
#include "policy/contact.h"

#include <vector>

namespace paws::policy {

std::vector<Evidence> evidence_of(const Runner& runner, const ContactView& contact, const Now& now);

}  // namespace paws::policy
