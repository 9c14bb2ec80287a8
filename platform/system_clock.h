// The one place that asks the kernel for the time. Only agent/ calls it.

#pragma once

#include "core/time.h"

namespace paws::platform {

Now now();

}  // namespace paws::platform
