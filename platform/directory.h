// Directory: one that a daemon keeps its own files in.

#pragma once

#include "core/result.h"

#include <cstdint>
#include <optional>
#include <string>

#include <sys/types.h>

namespace paws::platform {

// Creates `path` with `mode` (parents 0755) when it is not there. One that others may write to is
// refused: they could put their own files in place of ours.
Result<void> ensure_directory(const std::string& path, mode_t mode);

// Nothing where there is none.
std::optional<std::uint32_t> owner_of(const std::string& path);

}  // namespace paws::platform
