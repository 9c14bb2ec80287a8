// Level: how grave a line is, from what its writer said of it. Pure.

#pragma once

#include <array>
#include <cstddef>
#include <optional>
#include <string_view>

namespace paws::forwarder {

enum class Level { critical, error, warning, info, debug };  // the gravest first
inline constexpr std::array levels{
    Level::critical, Level::error, Level::warning, Level::info, Level::debug};

constexpr std::string_view to_string(Level level) {
    constexpr std::array<std::string_view, 5> names{
        "critical", "error", "warning", "info", "debug"};
    return names.at(static_cast<std::size_t>(level));
}

// PRIORITY= of a journal entry, syslog(3); what has none is info.
Level level_of_priority(std::string_view priority);

// What a runner prints always has priority 6; its words tell more. Nothing when they do not.
std::optional<Level> level_of_console(std::string_view line);

// The word in the head of a trace record: "INFO" (runner: Tracing.cs, HostTraceListener.cs).
std::optional<Level> level_of_trace(std::string_view word);

}  // namespace paws::forwarder
