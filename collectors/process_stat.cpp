#include "collectors/process_stat.h"

#include "core/text.h"

namespace paws::collectors {

Result<Process> parse_process_stat(std::string_view text) {
    static constexpr auto malformed = "is not a line of /proc/PID/stat";
    const auto open = text.find(" (");
    const auto close = text.rfind(") ");  // no field after comm holds a parenthesis
    if (open == std::string_view::npos || close == std::string_view::npos || close < open + 2) {
        return Error{Errc::malformed, malformed};
    }
    auto rest = text.substr(close + 2);
    const auto pid = parse_integer<int>(text.substr(0, open));
    const auto state = take_word(rest);
    const auto parent = parse_integer<int>(take_word(rest));
    for (int field = 5; field < 22; ++field) {
        take_word(rest);
    }
    const auto start = parse_integer<std::uint64_t>(take_word(rest));
    if (!pid || *pid <= 0 || state.size() != 1 || !parent || !start) {
        return Error{Errc::malformed, malformed};
    }
    Process process;
    process.pid = *pid;
    process.parent = *parent;
    process.start_ticks = *start;
    process.state = state.front();
    process.comm = printable(text.substr(open + 2, close - open - 2), 64);
    return process;
}

}  // namespace paws::collectors
