// Unit properties: what systemd says about one unit, as its property names and their values in
// text, the way `systemctl show` prints them; D-Bus values take the same form. Pure.

#pragma once

#include "core/result.h"
#include "core/runner_facts.h"
#include "core/runner_unit.h"

#include <array>
#include <functional>
#include <map>
#include <string>
#include <string_view>

namespace paws::collectors {

using UnitProperties = std::map<std::string, std::string, std::less<>>;

// Every property that to_unit() and runner_root() look at.
inline constexpr std::array<std::string_view, 22> unit_properties{
    "Id",
    "LoadState",
    "ActiveState",
    "SubState",
    "UnitFileState",
    "InvocationID",
    "NeedDaemonReload",
    "ActiveEnterTimestamp",
    "InactiveEnterTimestamp",
    "StateChangeTimestamp",
    "Result",
    "User",
    "WorkingDirectory",
    "ControlGroup",
    "MainPID",
    "ExecMainPID",
    "ExecMainCode",
    "ExecMainStatus",
    "NRestarts",
    "ExecStart",
    "PrivateNetwork",
    "NetworkNamespacePath",
};

// The KEY=VALUE lines of `systemctl show`; of a key that comes twice the first counts.
Result<UnitProperties> parse_unit_properties(std::string_view text);

// What is missing or does not read as its type keeps its default. Timestamps: microseconds since
// 1970 as on D-Bus, or @SECONDS (`systemctl show --timestamp=unix`); local dates are not read.
Unit to_unit(const UnitProperties& properties);

// Where the runner is installed: the working directory, else the directory of its runsvc.sh;
// empty when neither says so.
std::string runner_root(const UnitProperties& properties);

using paws::is_runner_unit;
using paws::runner_name;

}  // namespace paws::collectors
