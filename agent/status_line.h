// Status line: the state of all runners in one line, for `systemctl status`. Pure.

#pragma once

#include "core/snapshot.h"

#include <string>

namespace paws::agent {

// "3 runners: 2 idle, 1 busy"; with "; 1 collector failing" when one is.
std::string status_line(const Snapshot& snapshot);

}  // namespace paws::agent
