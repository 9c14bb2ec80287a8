// The fields of /proc/PID/stat (proc_pid_stat(5)). Pure.

#pragma once

#include "core/text.h"

#include <array>
#include <cstddef>
#include <optional>
#include <string_view>

namespace paws {

// By their number in the manual page, 1 to 24; `comm` without its parentheses. Those that are
// missing are empty.
using ProcStatFields = std::array<std::string_view, 25>;

// Nothing when it is no such line. A program names itself: its `comm` may hold blanks, parentheses
// and newlines, and no field after it does.
inline std::optional<ProcStatFields> split_proc_stat(std::string_view line) {
    const auto open = line.find(" (");
    const auto close = line.rfind(") ");
    if (open == std::string_view::npos || close == std::string_view::npos || close < open + 2) {
        return std::nullopt;
    }
    ProcStatFields fields;
    fields[1] = line.substr(0, open);
    fields[2] = line.substr(open + 2, close - open - 2);
    auto rest = line.substr(close + 2);
    for (std::size_t number = 3; number < fields.size(); ++number) {
        fields.at(number) = take_word(rest);
    }
    return fields;
}

}  // namespace paws
