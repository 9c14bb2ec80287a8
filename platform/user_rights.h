// User rights: what a process may do as another user than the one that started it.

#pragma once

#include "core/result.h"

#include <string>

namespace paws::platform {

// For good, with the user's groups: the kernel judges by them from here on. Errc::absent: there is
// no such user. Asks the name service, which may block. For a process of one thread.
Result<void> take_rights_of(const std::string& user);

}  // namespace paws::platform
