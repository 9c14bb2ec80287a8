// PidLock: a file that at most one process holds; the kernel lets go of it when the process ends,
// however it ends.

#pragma once

#include "core/result.h"
#include "platform/unique_fd.h"

#include <string>

namespace paws::platform {

class PidLock {
public:
    // Errc::unavailable when another process holds it: the error names its pid.
    static Result<PidLock> take(const std::string& path);

private:
    explicit PidLock(UniqueFd fd) : fd_{std::move(fd)} {}

    UniqueFd fd_;
};

}  // namespace paws::platform
