// Program: finding another program of this package and becoming it.

#pragma once

#include "core/result.h"

#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace paws::platform {

// Where `name` is executable: beside the running program, else along PATH.
std::optional<std::string> find_program(std::string_view name);

// Replaces this process by `program`, which takes over its output and decides its exit code.
// Returns only when that fails.
Error become(const std::string& program, const std::vector<std::string>& arguments);

}  // namespace paws::platform
