#include "exporter/json_parts.h"

#include <array>
#include <charconv>

#include <boost/json/array.hpp>
#include <boost/json/object.hpp>

namespace paws::exporter {

namespace {

void append_number(std::string& out, int number, std::size_t width) {
    std::array<char, 12> digits{};
    const auto end = std::to_chars(digits.data(), digits.data() + digits.size(), number).ptr;
    const auto length = static_cast<std::size_t>(end - digits.data());
    out.append(width > length ? width - length : 0, '0');
    out.append(digits.data(), length);
}

boost::json::value stall(const std::optional<Stall>& stall) {
    if (!stall) {
        return nullptr;
    }
    return boost::json::object{{"avg10", stall->avg10},
                               {"avg60", stall->avg60},
                               {"avg300", stall->avg300},
                               {"total_seconds", stall->total_seconds}};
}

boost::json::object stalls(const Stalls& stalls) {
    return {{"some", stall(stalls.some)}, {"full", stall(stalls.full)}};
}

}  // namespace

std::string rfc3339(WallTime time) {
    using namespace std::chrono;
    const auto day = floor<days>(time);
    const year_month_day date{day};
    const hh_mm_ss clock{floor<milliseconds>(time - day)};
    std::string out;
    const auto put = [&](auto number, std::size_t width, char after) {
        append_number(out, static_cast<int>(number), width);
        out += after;
    };
    put(static_cast<int>(date.year()), 4, '-');
    put(static_cast<unsigned>(date.month()), 2, '-');
    put(static_cast<unsigned>(date.day()), 2, 'T');
    put(clock.hours().count(), 2, ':');
    put(clock.minutes().count(), 2, ':');
    put(clock.seconds().count(), 2, '.');
    put(clock.subseconds().count(), 3, 'Z');
    return out;
}

boost::json::value parts::pressure(const Pressure& pressure) {
    return boost::json::object{{"cpu", stalls(pressure.cpu)},
                               {"memory", stalls(pressure.memory)},
                               {"io", stalls(pressure.io)}};
}

}  // namespace paws::exporter
