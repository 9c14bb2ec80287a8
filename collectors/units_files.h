// Unit files: the runners that svc.sh has installed, read from its unit files, for where systemd
// cannot be asked.

#pragma once

#include "collectors/units_properties.h"
#include "platform/root_fs.h"

#include <string_view>
#include <vector>

namespace paws::collectors {

// WorkingDirectory and ExecStart of a unit file (systemd.syntax(7)) in the form of properties.
UnitProperties parse_unit_file(std::string_view text);

// Of etc/systemd/system/actions.runner.*.service; without unit state.
std::vector<Runner> runners_of_unit_files(const platform::RootFs& root);

}  // namespace paws::collectors
