// Run: the whole life of the process, from its options to its exit code.

#pragma once

#include "agent/options.h"

namespace paws::agent {

int run(const Options& options);

}  // namespace paws::agent
