// Access: which privileged actions would show the agent what is closed to it: paws-open@ where it
// comes to a runner's directories neither by their path nor by a descriptor, paws-inspect@ where it
// may not look into one even so. Pure.

#pragma once

#include "core/facts.h"
#include "core/time.h"
#include "policy/drain.h"

#include <vector>

namespace paws::policy {

std::vector<UnitAction> plan_access(const Facts& facts, const Now& now);

}  // namespace paws::policy
