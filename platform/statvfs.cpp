#include "platform/statvfs.h"

#include "platform/no_links.h"

#include <algorithm>
#include <cerrno>

#include <fcntl.h>
#include <sys/statvfs.h>

namespace paws::platform {

namespace {

UniqueFd open_mountpoint(int root, const std::string& mountpoint) {
    const auto slashes = std::min(mountpoint.find_first_not_of('/'), mountpoint.size());
    return open_no_links(
        root, slashes == mountpoint.size() ? "." : mountpoint.substr(slashes), O_PATH);
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
