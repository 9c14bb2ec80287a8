#include "collectors/pressure.h"

#include "collectors/kernel_file.h"
#include "core/text.h"

#include <algorithm>
#include <cstdint>
#include <optional>

namespace paws::collectors {

namespace {

// Takes the next word, which is NAME=NUMBER.
template <class Parse>
auto take_field(std::string_view& line, std::string_view name, Parse parse) {
    auto value = take_word(line);
    const auto found = take_until(value, '=');
    return found == name ? parse(value) : std::nullopt;
}

std::optional<Stall> parse_stall(std::string_view line) {
    const auto decimal = [](std::string_view text) { return parse_decimal(text); };
    const auto integer = [](std::string_view text) { return parse_integer<std::uint64_t>(text); };
    const auto avg10 = take_field(line, "avg10", decimal);
    const auto avg60 = take_field(line, "avg60", decimal);
    const auto avg300 = take_field(line, "avg300", decimal);
    const auto microseconds = take_field(line, "total", integer);
    if (!avg10 || !avg60 || !avg300 || !microseconds || std::min({*avg10, *avg60, *avg300}) < 0) {
        return std::nullopt;
    }
    return Stall{*avg10, *avg60, *avg300, static_cast<double>(*microseconds) / 1e6};
}

}  // namespace

Result<Stalls> parse_stalls(std::string_view text) {
    Stalls stalls;
    while (!text.empty()) {
        auto line = take_until(text, '\n');
        const auto kind = take_word(line);
        if (kind != "some" && kind != "full") {
            continue;
        }
        const auto stall = parse_stall(line);
        if (!stall) {
            return Error{Errc::malformed,
                         "the line '" + std::string{kind} + "' does not give avg10 to total"};
        }
        (kind == "some" ? stalls.some : stalls.full) = stall;
    }
    if (!stalls.some && !stalls.full) {
        return Error{Errc::malformed, "has neither a line 'some' nor 'full'"};
    }
    return stalls;
}

Result<Stalls> PressureCollector::read(std::string_view path) const {
    const auto text = root_.read(path);
    if (!text) {
        return text.error().code == Errc::absent ? Result<Stalls>{Stalls{}} : text.error();
    }
    auto stalls = parse_stalls(*text);
    return stalls ? std::move(stalls) : in_file(root_, path, stalls.error());
}

Result<Fill> PressureCollector::collect(const Facts& /*seen*/, const Now& now) {
    Pressure pressure;
    struct File {
        std::string_view path;
        Stalls& stalls;
    };
    bool any = false;
    for (const auto& [path, stalls] : {File{"proc/pressure/cpu", pressure.cpu},
                                       File{"proc/pressure/memory", pressure.memory},
                                       File{"proc/pressure/io", pressure.io}}) {
        auto found = read(path);
        if (!found) {
            return found.error();
        }
        stalls = *found;
        any = any || stalls.some || stalls.full;
    }
    return any ? Fill{[pressure, now](Facts& draft) {
        draft.host.pressure = {pressure, now};
    }}
               : Fill{[](Facts&) {}};
}

}  // namespace paws::collectors
