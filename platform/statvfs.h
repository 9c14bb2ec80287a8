// statvfs: the space of a mounted file system (statvfs(3)). May block for ever on a dead mount.

#pragma once

#include "core/host_facts.h"
#include "core/result.h"
#include "platform/root_fs.h"

#include <string>

namespace paws::platform {

// `mountpoint` as the kernel spells it, below `root`. Symlinks on the way are refused: the kernel
// names mountpoints without them, so one would have been put there to lead us elsewhere.
Result<FilesystemUsage> filesystem_usage(const RootFs& root, const std::string& mountpoint);

}  // namespace paws::platform
