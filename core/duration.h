// Durations as people type them: a whole number and a unit, "500ms", "30s", "15m".

#pragma once

#include "core/text.h"

#include <algorithm>
#include <array>
#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace paws {

namespace detail {

struct TimeUnit {
    std::string_view name;
    std::int64_t milliseconds;
};
// Largest first.
inline constexpr std::array time_units{TimeUnit{"d", 86'400'000},
                                       TimeUnit{"h", 3'600'000},
                                       TimeUnit{"m", 60'000},
                                       TimeUnit{"s", 1'000},
                                       TimeUnit{"ms", 1}};
inline constexpr std::int64_t longest_milliseconds = 3'650LL * 86'400'000;

}  // namespace detail

// Units: ms s m h d. Nothing for other text, and for more than ten years.
inline std::optional<std::chrono::nanoseconds> parse_duration(std::string_view text) {
    const auto digits = std::min(text.find_first_not_of("0123456789"), text.size());
    const auto number = parse_integer<std::int64_t>(text.substr(0, digits));
    const auto unit =
        std::ranges::find(detail::time_units, text.substr(digits), &detail::TimeUnit::name);
    if (!number || unit == detail::time_units.end() ||
        *number > detail::longest_milliseconds / unit->milliseconds) {
        return std::nullopt;
    }
    return std::chrono::milliseconds{*number * unit->milliseconds};
}

// In the largest unit that keeps it whole; parse_duration() reads it back. Whole milliseconds only.
inline std::string duration_text(std::chrono::nanoseconds span) {
    const auto count = std::chrono::duration_cast<std::chrono::milliseconds>(span).count();
    if (count == 0) {
        return "0s";
    }
    const auto unit = std::ranges::find_if(
        detail::time_units,
        [&](const detail::TimeUnit& candidate) { return count % candidate.milliseconds == 0; });
    return std::to_string(count / unit->milliseconds) + std::string{unit->name};
}

}  // namespace paws
