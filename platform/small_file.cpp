#include "platform/small_file.h"

#include "platform/unique_fd.h"

#include <cerrno>

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

namespace paws::platform {

namespace {

Error failure(const RootFs& root, const std::string& path) {
    const int reason = errno;
    const auto slash = root.path().ends_with('/') ? "" : "/";
    return system_error(reason, root.path() + slash + path);
}

}  // namespace

Result<SmallFile> read_small(const RootFs& root, const std::string& path, std::span<char> buffer) {
    const UniqueFd file{::openat(root.fd(), path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK)};
    struct stat found {};
    if (!file || ::fstat(file.get(), &found) != 0) {
        return failure(root, path);
    }
    ssize_t length = -1;
    do {
        length = ::read(file.get(), buffer.data(), buffer.size());
    } while (length < 0 && errno == EINTR);
    if (length < 0) {
        return failure(root, path);
    }
    const auto size = static_cast<std::size_t>(length);
    if (size == buffer.size()) {
        return Error{Errc::malformed,
                     path + ": larger than " + std::to_string(size - 1) + " bytes"};
    }
    return SmallFile{.text = {buffer.data(), size}, .uid = found.st_uid};
}

Result<DirectoryStatus> directory_status(const RootFs& root, const std::string& path) {
    struct stat found {};
    if (::fstatat(root.fd(), path.c_str(), &found, 0) != 0) {
        return failure(root, path);
    }
    if (!S_ISDIR(found.st_mode)) {
        return Error{Errc::absent, path + ": is not a directory"};
    }
    // Each subdirectory is a link to its parent where directories are counted so (kernfs, ext4).
    return DirectoryStatus{.inode = found.st_ino, .may_have_children = found.st_nlink != 2};
}

}  // namespace paws::platform
