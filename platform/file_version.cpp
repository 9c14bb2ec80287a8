#include "platform/file_version.h"

#include "platform/root_fs.h"

#include <cerrno>

namespace paws::platform {

Result<FileVersion> file_version(const std::string& path) {
    struct stat status {};
    if (::stat(path.c_str(), &status) != 0) {
        return system_error(errno, path);
    }
    return FileVersion{.device = status.st_dev,
                       .inode = status.st_ino,
                       .size = status.st_size,
                       .times = {status.st_ctim.tv_sec,
                                 status.st_ctim.tv_nsec,
                                 status.st_mtim.tv_sec,
                                 status.st_mtim.tv_nsec}};
}

}  // namespace paws::platform
