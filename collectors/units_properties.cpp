#include "collectors/units_properties.h"

#include "core/text.h"

#include <cstdint>
#include <limits>
#include <optional>

namespace paws::collectors {

namespace {

std::string text(const UnitProperties& properties, std::string_view name) {
    const auto found = properties.find(name);
    return found == properties.end() ? std::string{} : found->second;
}

template <class Number>
Number number(const UnitProperties& properties, std::string_view name) {
    return parse_integer<Number>(text(properties, name)).value_or(Number{});
}

template <class Unit>
std::optional<WallTime> since_epoch(std::string_view digits) {
    const auto count = parse_integer<std::int64_t>(digits);
    constexpr auto longest =
        std::chrono::duration_cast<Unit>(std::chrono::nanoseconds::max()).count();
    if (!count || *count <= 0 || *count > longest) {  // systemd: 0 is "never"
        return std::nullopt;
    }
    return WallTime{Unit{*count}};
}

std::optional<WallTime> timestamp(const UnitProperties& properties, std::string_view name) {
    const auto value = text(properties, name);
    if (value.starts_with('@')) {
        const std::string_view seconds = std::string_view{value}.substr(1);
        return since_epoch<std::chrono::seconds>(seconds.substr(0, seconds.find('.')));
    }
    return since_epoch<std::chrono::microseconds>(value);
}

}  // namespace

Result<UnitProperties> parse_unit_properties(std::string_view text) {
    UnitProperties properties;
    while (!text.empty()) {
        const auto line = take_until(text, '\n');
        const auto equals = line.find('=');
        if (equals != std::string_view::npos && equals > 0) {
            properties.try_emplace(std::string{trim(line.substr(0, equals))},
                                   trim(line.substr(equals + 1)));
        }
    }
    if (properties.empty()) {
        return Error{Errc::malformed, "unit properties: no line says KEY=VALUE"};
    }
    return properties;
}

Unit to_unit(const UnitProperties& properties) {
    const auto word = [&](std::string_view name) { return text(properties, name); };
    return {.load_state = word("LoadState"),
            .active_state = word("ActiveState"),
            .sub_state = word("SubState"),
            .unit_file_state = word("UnitFileState"),
            .result = word("Result"),
            .user = word("User"),
            .working_directory = word("WorkingDirectory"),
            .control_group = word("ControlGroup"),
            .invocation_id = word("InvocationID"),
            .main_pid = number<int>(properties, "MainPID"),
            .exec_main_pid = number<int>(properties, "ExecMainPID"),
            .exec_main_code = number<int>(properties, "ExecMainCode"),
            .exec_main_status = number<int>(properties, "ExecMainStatus"),
            .restarts = number<std::uint32_t>(properties, "NRestarts"),
            .needs_daemon_reload = word("NeedDaemonReload") == "yes",
            .own_network = word("PrivateNetwork") == "yes" || !word("NetworkNamespacePath").empty(),
            .active_enter = timestamp(properties, "ActiveEnterTimestamp"),
            .inactive_enter = timestamp(properties, "InactiveEnterTimestamp"),
            .state_change = timestamp(properties, "StateChangeTimestamp")};
}

std::string runner_root(const UnitProperties& properties) {
    return paws::runner_root(text(properties, "WorkingDirectory"), text(properties, "ExecStart"));
}

}  // namespace paws::collectors
