// RootFs: the kernel's files (proc, sys, etc) below one root, "/" or a recorded host.
// Safe for concurrent access. Reads may block only as long as the kernel does.
// For directories that job code can write use Beneath instead: RootFs follows symlinks.

#pragma once

#include "core/result.h"
#include "platform/unique_fd.h"

#include <cstddef>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

namespace paws::platform {

class RootFs {
public:
    static Result<RootFs> open(const std::string& root);

    // The whole file at `path` ("proc/stat"); larger than `limit` bytes is Errc::malformed.
    Result<std::string> read(std::string_view path, std::size_t limit = 4U << 20U) const;
    // The names in a directory, sorted, without "." and ".."; more than `limit` is Errc::malformed.
    Result<std::vector<std::string>> list(std::string_view path, std::size_t limit = 100'000) const;
    Result<std::string> read_link(std::string_view path) const;

    const std::string& path() const { return root_; }  // for messages, and for joining mountpoints
    int fd() const { return fd_->get(); }

private:
    RootFs(std::string root, UniqueFd fd)
        : root_{std::move(root)}, fd_{std::make_shared<const UniqueFd>(std::move(fd))} {}

    std::string root_;
    std::shared_ptr<const UniqueFd> fd_;
};

// The Error for `subject` after a failed system call; absent, denied or io by its errno.
Error system_error(int error_number, std::string_view subject);

}  // namespace paws::platform
