#include "pawsctl/human.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <cmath>
#include <cstdint>

namespace paws::pawsctl {

namespace {

constexpr double beyond_sense = 1e15;  // seconds or bytes: 30 million years, a petabyte

// "2 d 4 h", or "2 d" when nothing is left for the smaller unit.
std::string pair(std::int64_t large, const char* large_unit, std::int64_t rest, const char* unit) {
    const auto first = std::to_string(large) + large_unit;
    return rest == 0 ? first : first + " " + std::to_string(rest) + unit;
}

}  // namespace

std::string decimal(double number, int digits) {
    std::array<char, 64> written{};
    const auto [end, problem] = std::to_chars(
        written.data(), written.data() + written.size(), number, std::chars_format::fixed, digits);
    return problem == std::errc{} ? std::string{written.data(), end} : not_known;
}

std::string age(std::optional<double> seconds) {
    if (!seconds || !std::isfinite(*seconds)) {
        return not_known;
    }
    const auto whole = static_cast<std::int64_t>(std::clamp(*seconds, 0.0, beyond_sense));
    const auto minutes = whole / 60;
    const auto hours = minutes / 60;
    const auto days = hours / 24;
    if (minutes == 0) {
        return std::to_string(whole) + " s";
    }
    if (hours == 0) {
        return std::to_string(minutes) + " min";
    }
    if (days == 0) {
        return pair(hours, " h", minutes % 60, " min");
    }
    return pair(days, " d", days < 100 ? hours % 24 : 0, " h");
}

std::string size(std::optional<double> bytes) {
    static constexpr std::array units{" B", " kB", " MB", " GB", " TB", " PB", " EB"};
    if (!bytes || !std::isfinite(*bytes) || *bytes < 0) {
        return not_known;
    }
    double scaled = *bytes;
    std::size_t unit = 0;
    // 999.5 of a unit would be written as 1000 of it.
    while (scaled >= 999.5 && unit + 1 < units.size()) {
        scaled /= 1000;
        ++unit;
    }
    const int digits = unit == 0 || scaled >= 99.95 ? 0 : scaled >= 9.995 ? 1 : 2;
    return decimal(scaled, digits) + units.at(unit);
}

std::string share(std::optional<double> ratio) {
    if (!ratio || !std::isfinite(*ratio)) {
        return not_known;
    }
    return decimal(*ratio * 100, 0) + " %";
}

}  // namespace paws::pawsctl
