// Processes the kernel killed for want of memory (oom_kill in /proc/vmstat, Linux 4.13 and later).

#pragma once

#include "core/result.h"

#include <cstdint>
#include <string_view>

namespace paws::collectors {

// Errc::absent on a kernel that does not count them.
Result<std::uint64_t> parse_oom_kills(std::string_view text);

}  // namespace paws::collectors
