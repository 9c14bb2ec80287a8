// Directories: those the daemon keeps its own files in.

#pragma once

#include "core/result.h"

#include <string>
#include <string_view>

#include <sys/types.h>

namespace paws::agent {

// Creates `path` with `mode` (parents 0755) when it is not there. One that others may write to is
// refused: they could put their own files in place of ours. `setting` names it in the error.
Result<void> ensure_directory(const std::string& path, mode_t mode, std::string_view setting);

}  // namespace paws::agent
