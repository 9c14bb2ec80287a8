// Memory and swap of the host (proc_meminfo(5)).

#pragma once

#include "core/host_facts.h"
#include "core/result.h"

#include <string_view>

namespace paws::collectors {

Result<Memory> parse_memory(std::string_view text);

}  // namespace paws::collectors
