// adjtimex: what the kernel's clock discipline says of the wall clock (adjtimex(2)). Reads only.

#pragma once

#include "core/host_facts.h"
#include "core/result.h"

namespace paws::platform {

// Errc::denied inside a sandbox that forbids the call (ProtectClock= of systemd does).
Result<ClockSync> clock_sync();

}  // namespace paws::platform
