#include "platform/beneath.h"

#include <cerrno>
#include <random>

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

namespace paws::platform {

namespace {

// What the new file is to have.
struct Owner {
    uid_t uid = 0;
    gid_t gid = 0;
    mode_t mode = 0644;
};

Result<Owner> owner_for(int directory, const std::string& name, const std::string& subject) {
    struct stat found {};
    if (::fstatat(directory, name.c_str(), &found, AT_SYMLINK_NOFOLLOW) == 0) {
        if (!S_ISREG(found.st_mode)) {
            return Error{Errc::malformed, subject + ": is not a regular file"};
        }
        if (found.st_nlink > 1) {
            return Error{Errc::malformed, subject + ": has other names as well; not replaced"};
        }
        return Owner{.uid = found.st_uid, .gid = found.st_gid, .mode = found.st_mode & 07777U};
    }
    if (errno != ENOENT || ::fstat(directory, &found) != 0) {
        return system_error(errno, subject);
    }
    return Owner{.uid = found.st_uid, .gid = found.st_gid};
}

bool write_all(int fd, std::string_view text) {
    while (!text.empty()) {
        const auto written = ::write(fd, text.data(), text.size());
        if (written < 0 && errno != EINTR) {
            return false;
        }
        text.remove_prefix(written > 0 ? static_cast<std::size_t>(written) : 0);
    }
    return true;
}

// The owner last: until then nobody else can open it.
bool fill(int fd, std::string_view text, const Owner& owner) {
    return write_all(fd, text) && ::fchown(fd, owner.uid, owner.gid) == 0 &&
           ::fchmod(fd, owner.mode) == 0 && ::fsync(fd) == 0;
}

std::string spare_name(const std::string& name) {
    std::random_device random;
    return name + ".paws-" + std::to_string(random());
}

}  // namespace

Result<void> Beneath::replace(const std::string& name, std::string_view text) const {
    const auto owner = owner_for(fd_->get(), name, subject(name));
    if (!owner) {
        return owner.error();
    }
    const auto spare = spare_name(name);
    const UniqueFd file{::openat(fd_->get(),
                                 spare.c_str(),
                                 O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC,
                                 S_IRUSR | S_IWUSR)};
    if (!file) {
        return system_error(errno, subject(name));
    }
    if (!fill(file.get(), text, *owner) ||
        ::renameat(fd_->get(), spare.c_str(), fd_->get(), name.c_str()) != 0) {
        const int reason = errno;
        ::unlinkat(fd_->get(), spare.c_str(), 0);
        return system_error(reason, subject(name));
    }
    return {};
}

}  // namespace paws::platform
