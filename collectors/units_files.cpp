#include "collectors/units_files.h"

#include "collectors/units_merge.h"
#include "core/text.h"

#include <string>

namespace paws::collectors {

namespace {

constexpr std::string_view directory = "etc/systemd/system";
constexpr std::size_t largest_file = 256U << 10U;

// Without the prefixes that change how systemd runs a command or takes a path (systemd.service(5)).
std::string_view without_prefixes(std::string_view value, std::string_view prefixes) {
    const auto first = value.find_first_not_of(prefixes);
    return first == std::string_view::npos ? std::string_view{} : value.substr(first);
}

}  // namespace

UnitProperties parse_unit_file(std::string_view text) {
    UnitProperties properties;
    while (!text.empty()) {
        const auto line = trim(take_until(text, '\n'));
        const auto equals = line.find('=');
        if (equals == std::string_view::npos || line.front() == '#' || line.front() == ';') {
            continue;
        }
        const auto key = trim(line.substr(0, equals));
        auto value = trim(line.substr(equals + 1));
        if (key == "WorkingDirectory") {
            properties["WorkingDirectory"] = without_prefixes(value, "-");
        } else if (key == "ExecStart") {
            value = without_prefixes(value, "@-:+!|");
            properties["ExecStart"] = "{ path=" + std::string{take_word(value)} + " ; }";
        }
    }
    return properties;
}

std::vector<Runner> runners_of_unit_files(const platform::RootFs& root) {
    std::vector<Runner> runners;
    const auto names = root.list(directory);
    if (!names) {
        return runners;
    }
    for (const auto& unit : *names) {
        if (!is_runner_unit(unit)) {
            continue;
        }
        auto runner = unit_runner(unit);
        const auto text = root.read(std::string{directory} + "/" + unit, largest_file);
        if (text) {
            runner.root = runner_root(parse_unit_file(*text));
        }
        runners.push_back(std::move(runner));
    }
    return runners;
}

}  // namespace paws::collectors
