// Watch: the status screen, drawn again and again until the user has seen enough.

#pragma once

#include "pawsctl/command_line.h"

#include <string>

namespace paws::pawsctl {

// Goes on while the agent is away and says since when. `meant`: one runner, or all when empty.
int watch(const Call& call, const std::string& meant);

}  // namespace paws::pawsctl
