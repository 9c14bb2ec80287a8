// Calls to systemd over D-Bus, for SystemdBus: a message made, sent and answered, or why not.

#pragma once

#include "core/result.h"

#include <chrono>
#include <cstdint>
#include <memory>
#include <string>

#include <systemd/sd-bus.h>

namespace paws::platform {

inline constexpr auto systemd_name = "org.freedesktop.systemd1";
inline constexpr auto manager_path = "/org/freedesktop/systemd1";
inline constexpr auto manager_interface = "org.freedesktop.systemd1.Manager";

struct UnrefMessage {
    void operator()(sd_bus_message* message) const noexcept { sd_bus_message_unref(message); }
};
using Message = std::unique_ptr<sd_bus_message, UnrefMessage>;

// Of the unit's object; and the unit that an object is of, empty when it is none.
std::string unit_path(const std::string& unit);
std::string unit_of_path(const char* path);

std::uint64_t microseconds(std::chrono::milliseconds span);

// `result` as sd-bus returns it: a negative errno.
Error bus_error(int result, const std::string& subject);

Result<Message> new_call(sd_bus* bus, const char* path, const char* interface, const char* member);

// Waits for the answer, at most `patience`.
Result<Message> call(sd_bus* bus, sd_bus_message* request, std::chrono::milliseconds patience);

}  // namespace paws::platform
