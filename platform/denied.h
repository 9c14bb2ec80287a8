// Denied: the command that gives this process' user what it is denied.

#pragma once

#include <string>

namespace paws::platform {

// The user whom the kernel judges this process by: its name, or its number when it has none.
std::string user_name();

// "; the daemon's user must be able to read it; run: ...", the command for what is closed to this
// user: the first directory on the way that is, or else the path itself.
std::string way_to_read(const std::string& path);

}  // namespace paws::platform
