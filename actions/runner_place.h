// RunnerPlace: where a runner is installed, for the privileged actions. The agent names the runner
// and nothing else; where it is says its unit, and that this is a runner is looked at here: its
// unit file is root's, its directory is its user's, and no symlink is on the way. What a runner's
// user can write is never believed.

#pragma once

#include "core/result.h"
#include "platform/beneath.h"
#include "platform/root_fs.h"
#include "platform/systemd_bus.h"

#include <array>
#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>

namespace paws::actions {

// What a unit says of the runner that it starts.
struct UnitPlace {
    std::string fragment;  // the unit file
    std::string root;
    std::string user;           // a name or a number
    std::string control_group;  // empty when no process is there
};

struct RunnerPlace {
    std::string runner;
    std::string unit;
    std::string root;
    std::uint32_t owner = 0;
    std::string control_group;
    platform::Beneath directory;  // the root
};

inline constexpr std::array<std::string_view, 7> place_properties{"LoadState",
                                                                  "Transient",
                                                                  "FragmentPath",
                                                                  "User",
                                                                  "WorkingDirectory",
                                                                  "ExecStart",
                                                                  "ControlGroup"};

// Pure: refuses a unit that is not loaded from a file of the system's, or has no clean root.
Result<UnitPlace> place_of(const platform::SystemdBus::Properties& properties);

// Of the unit file: it and what is above it are root's, and nobody else may write there.
Result<void> check_unit_file(const platform::RootFs& fs, const std::string& fragment);

using UserId = std::function<std::optional<std::uint32_t>(const std::string& name)>;

// The directory that the unit names, when it is a runner's.
Result<RunnerPlace> open_place(const platform::RootFs& fs,
                               const std::string& runner,
                               const UnitPlace& said,
                               const UserId& user_id);

// All of it, by systemd's word over the system bus.
Result<RunnerPlace> find_runner(const std::string& runner);

// A directory in the root that belongs to the runner's user, like `_diag`.
Result<platform::Beneath> own_directory(const RunnerPlace& place, const std::string& name);

}  // namespace paws::actions
