// Log options: what the configuration says of log shipping, as the forwarder takes it. Pure.

#pragma once

#include "agent/config.h"
#include "forwarder/shipper.h"

#include <chrono>
#include <optional>
#include <string>

namespace paws::agent {

struct LogPlace {
    std::string host;
    WallTime now;
    std::optional<std::chrono::nanoseconds> since;  // --since: where no place is kept
};

forwarder::ShipperOptions log_options(const Config& config, const LogPlace& place);

}  // namespace paws::agent
