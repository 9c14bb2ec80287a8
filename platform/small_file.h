// Small files: what the kernel says of one process or one cgroup, in one read and without
// allocation.

#pragma once

#include "core/result.h"
#include "platform/root_fs.h"

#include <cstdint>
#include <span>
#include <string>
#include <string_view>

namespace paws::platform {

struct SmallFile {
    std::string_view text;  // in the caller's buffer
    std::uint32_t uid = 0;  // of the file; of a file in /proc/PID the process's effective uid
};

// The file at `path` below `root`; what does not fit the buffer is Errc::malformed.
Result<SmallFile> read_small(const RootFs& root, const std::string& path, std::span<char> buffer);

struct DirectoryStatus {
    std::uint64_t inode = 0;
    bool may_have_children = true;  // false: it surely has no subdirectory
};

Result<DirectoryStatus> directory_status(const RootFs& root, const std::string& path);

}  // namespace paws::platform
