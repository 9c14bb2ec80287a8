// FileVersion: tells whether a file is still the one that was read. Through symlinks, so that one
// that is moved to another file is a change too.

#pragma once

#include "core/result.h"

#include <array>
#include <cstdint>
#include <string>

#include <sys/stat.h>

namespace paws::platform {

struct FileVersion {
    dev_t device = 0;
    ino_t inode = 0;
    off_t size = 0;
    std::array<std::int64_t, 4> times{};  // changed and modified, seconds and nanoseconds

    bool operator==(const FileVersion&) const = default;
};

Result<FileVersion> file_version(const std::string& path);

}  // namespace paws::platform
