#include "platform/statvfs.h"

#include "platform/unique_fd.h"

#include <algorithm>
#include <cerrno>
#include <cstdint>

#include <fcntl.h>
#include <linux/openat2.h>
#include <sys/statvfs.h>
#include <sys/syscall.h>
#include <unistd.h>

namespace paws::platform {

namespace {

UniqueFd open_mountpoint(int root, const std::string& mountpoint) {
    const auto slashes = std::min(mountpoint.find_first_not_of('/'), mountpoint.size());
    const auto path = slashes == mountpoint.size() ? "." : mountpoint.substr(slashes);
    constexpr std::uint64_t flags = O_PATH | O_CLOEXEC;
    open_how how{};
    how.flags = flags;
    how.resolve = RESOLVE_NO_SYMLINKS;
    const auto fd = ::syscall(SYS_openat2, root, path.c_str(), &how, sizeof how);
    if (fd < 0 && errno == ENOSYS) {  // before Linux 5.6
        return UniqueFd{::openat(root, path.c_str(), static_cast<int>(flags))};
    }
    return UniqueFd{static_cast<int>(fd)};
}

}  // namespace

Result<FilesystemUsage> filesystem_usage(const RootFs& root, const std::string& mountpoint) {
    const auto place = open_mountpoint(root.fd(), mountpoint);
    struct statvfs space {};
    if (!place || ::fstatvfs(place.get(), &space) < 0) {
        return system_error(errno, "statvfs");
    }
    return FilesystemUsage{.size_bytes = space.f_blocks * space.f_frsize,
                           .avail_bytes = space.f_bavail * space.f_frsize,
                           .files = space.f_files,
                           .files_free = space.f_ffree};
}

}  // namespace paws::platform
