// Progress: how far lines have come, and what was counted by then. Kept together or not at all.

#pragma once

#include "core/log_shipping.h"
#include "forwarder/position.h"

namespace paws::forwarder {

struct Progress {
    Position position;
    LogCounts counts;

    bool operator==(const Progress&) const = default;
};

}  // namespace paws::forwarder
