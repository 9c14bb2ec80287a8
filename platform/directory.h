// Directory: one that a daemon keeps its own files in.

#pragma once

#include "core/result.h"

#include <string>

#include <sys/types.h>

namespace paws::platform {

// Creates `path` with `mode` (parents 0755) when it is not there. One that others may write to is
// refused: they could put their own files in place of ours.
Result<void> ensure_directory(const std::string& path, mode_t mode);

}  // namespace paws::platform
