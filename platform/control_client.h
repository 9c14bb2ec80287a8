// Control client: one question to the agent over its unix socket, one line back.
// Blocks until the answer is whole or `patience` is over, whatever the other side does.

#pragma once

#include "core/result.h"

#include <chrono>
#include <cstddef>
#include <string>
#include <string_view>

namespace paws::platform {

// Far above what 100 runners need, far below what would hurt the asker.
inline constexpr std::size_t control_answer_limit = 16U << 20U;

// Sends `request` as a line and returns the line that came back, both without their end.
// Errc::absent: no socket at that path; unavailable: nobody listens on it; denied: the path may not
// be used; timeout: no whole answer in time; malformed: cut, too long, or more than one line.
Result<std::string> ask_control(const std::string& socket,
                                std::string_view request,
                                std::chrono::milliseconds patience);

}  // namespace paws::platform
