// Ask for a runner: all that the agent knows of the one that the user means.

#pragma once

#include "pawsctl/ask.h"

#include <string>
#include <variant>

namespace paws::pawsctl {

// By its name, its unit, or GitHub's name. The failure's sentence says which names are near.
std::variant<Answer, Failure> ask_runner(const Address& address, const std::string& meant);

}  // namespace paws::pawsctl
