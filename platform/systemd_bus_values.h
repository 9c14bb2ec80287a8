// D-Bus values as text, for SystemdBus.

#pragma once

#include <optional>
#include <string>

struct sd_bus_message;

namespace paws::platform {

// Reads the variant that comes next in `message`; nothing for types that are not needed, which are
// stepped over, and when the message ends early.
std::optional<std::string> read_variant(sd_bus_message* message);

}  // namespace paws::platform
