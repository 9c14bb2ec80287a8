// Load averages of the host (proc_loadavg(5)).

#pragma once

#include "core/host_facts.h"
#include "core/result.h"

#include <string_view>

namespace paws::collectors {

Result<LoadAverage> parse_load(std::string_view text);

}  // namespace paws::collectors
