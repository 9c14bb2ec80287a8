#include "agent/config_file.h"
#include "agent/config_text.h"
#include "core/text.h"
#include "tests/fuzz/fuzz.h"

using namespace paws;
using namespace paws::agent;

namespace {

// `FILE:LINE:COL: WHAT` on each line, safe for a terminal.
bool is_told_well(std::string_view faults) {
    while (!faults.empty()) {
        const auto line = take_until(faults, '\n');
        if (!line.starts_with("a.toml:") && !line.starts_with("b.toml:")) {
            return false;
        }
        if (printable(line, line.size()) != line) {
            return false;
        }
    }
    return true;
}

}  // namespace

// Two files, split at the first NUL byte.
bool paws::fuzz::accepts(std::string_view input) {
    std::string_view rest = input;
    const std::string first{take_until(rest, '\0')};
    const auto config = parse_config({{"a.toml", first}, {"b.toml", std::string{rest}}});
    if (!config) {
        require(is_told_well(config.error().what));
        return false;
    }
    const auto again = parse_config({{"a.toml", config_text(*config)}});
    require(again.has_value());
    require(settings(*again) == settings(*config));
    return true;
}
