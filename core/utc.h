// UTC as programs write it, by its shape: "YYYY-MM-DD hh:mm:ssZ". In a shape Y, M, D, h, m and s
// stand for the digits of a date and a time, f (at most nine) for those of a second's fraction, all
// else for itself. Pure.

#pragma once

#include "core/time.h"

#include <algorithm>
#include <array>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace paws {

namespace detail {

inline constexpr std::string_view utc_letters = "YMDhmsf";
using UtcFields = std::array<std::uint32_t, utc_letters.size()>;  // in their order

// Absent where no calendar has such a day, no clock such a time, and where it is far away:
// nanoseconds hold little more, and a zero time of Go or .NET is none.
inline std::optional<WallTime> time_of(const UtcFields& fields) {
    const auto [year, month, day, hour, minute, second, fraction] = fields;
    const std::chrono::year_month_day date{std::chrono::year{static_cast<int>(year)},
                                           std::chrono::month{month},
                                           std::chrono::day{day}};
    if (!date.ok() || year < 1970 || year > 2200 || hour > 23 || minute > 59 || second > 60) {
        return std::nullopt;
    }
    return std::chrono::sys_days{date} + std::chrono::hours{hour} + std::chrono::minutes{minute} +
           std::chrono::seconds{second} + std::chrono::nanoseconds{fraction};
}

inline UtcFields fields_of(WallTime at) {
    const auto day = std::chrono::floor<std::chrono::days>(at);
    const std::chrono::year_month_day date{day};
    const std::chrono::hh_mm_ss time{at - day};
    return {static_cast<std::uint32_t>(static_cast<int>(date.year())),
            static_cast<unsigned>(date.month()),
            static_cast<unsigned>(date.day()),
            static_cast<std::uint32_t>(time.hours().count()),
            static_cast<std::uint32_t>(time.minutes().count()),
            static_cast<std::uint32_t>(time.seconds().count()),
            static_cast<std::uint32_t>(time.subseconds().count())};
}

}  // namespace detail

// The whole of `text`.
inline std::optional<WallTime> parse_utc(std::string_view text, std::string_view shape) {
    if (text.size() != shape.size()) {
        return std::nullopt;
    }
    detail::UtcFields fields{};
    for (std::size_t at = 0; at < text.size(); ++at) {
        const auto field = detail::utc_letters.find(shape[at]);
        const bool is_digit = text[at] >= '0' && text[at] <= '9';
        if (field == std::string_view::npos ? text[at] != shape[at] : !is_digit) {
            return std::nullopt;
        }
        if (field != std::string_view::npos) {
            fields[field] = fields[field] * 10 + static_cast<std::uint32_t>(text[at] - '0');
        }
    }
    for (auto digits = std::ranges::count(shape, 'f'); digits < 9; ++digits) {
        fields.back() *= 10;
    }
    return detail::time_of(fields);
}

// What is smaller than the shape shows is cut off.
inline std::string utc_text(WallTime at, std::string_view shape) {
    auto fields = detail::fields_of(at);
    for (auto digits = std::ranges::count(shape, 'f'); digits < 9; ++digits) {
        fields.back() /= 10;
    }
    std::string text{shape};
    for (auto end = text.size(); end > 0; --end) {
        auto& letter = text[end - 1];
        const auto field = detail::utc_letters.find(letter);
        if (field != std::string_view::npos) {
            letter = static_cast<char>('0' + fields[field] % 10);
            fields[field] /= 10;
        }
    }
    return text;
}

}  // namespace paws
