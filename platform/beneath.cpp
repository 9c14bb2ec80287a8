#include "platform/beneath.h"

#include "platform/no_links.h"

#include <algorithm>
#include <array>
#include <cerrno>

#include <dirent.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <unistd.h>

namespace paws::platform {

namespace {

FileKind kind_of(mode_t mode) {
    return S_ISREG(mode)   ? FileKind::regular
           : S_ISDIR(mode) ? FileKind::directory
           : S_ISLNK(mode) ? FileKind::symlink
                           : FileKind::other;
}

FileStatus to_status(const struct stat& found) {
    return {.device = found.st_dev,
            .inode = found.st_ino,
            .size_bytes = static_cast<std::uint64_t>(found.st_size),
            .modified = WallTime{std::chrono::seconds{found.st_mtim.tv_sec} +
                                 std::chrono::nanoseconds{found.st_mtim.tv_nsec}},
            .uid = found.st_uid,
            .gid = found.st_gid,
            .mode = found.st_mode & 07777U,
            .kind = kind_of(found.st_mode)};
}

// A mount of the same device is another one too.
std::uint64_t mount_of(int fd) {
    struct statx found {};
    return ::statx(fd, "", AT_EMPTY_PATH, STATX_MNT_ID, &found) == 0 ? found.stx_mnt_id : 0;
}

struct CloseDirectory {
    void operator()(DIR* directory) const noexcept { ::closedir(directory); }
};

// ELOOP: a component is a symlink. EXDEV: the path leads out of the directory.
Error refusal(int error_number, const std::string& subject) {
    if (error_number == ELOOP || error_number == EXDEV) {
        return {Errc::malformed, subject + ": is or passes through a symlink; not followed"};
    }
    return system_error(error_number, subject);
}

}  // namespace

Result<Beneath> Beneath::open(const RootFs& root, std::string_view path) {
    std::string shown{path};
    path.remove_prefix(std::min(path.find_first_not_of('/'), path.size()));
    const std::string name{path.empty() ? "." : path};
    UniqueFd fd{::openat(root.fd(), name.c_str(), O_PATH | O_DIRECTORY | O_CLOEXEC)};
    if (!fd) {
        return system_error(errno, shown);
    }
    return Beneath{std::move(shown), std::move(fd)};
}

std::string Beneath::subject(std::string_view path) const {
    return path == "." ? path_ : path_ + "/" + std::string{path};
}

Result<BeneathFile> Beneath::open_file(std::string_view path) const {
    auto file = open_no_links(fd_->get(), path, O_RDONLY | O_NOCTTY | O_NONBLOCK);
    struct stat found {};
    if (!file || ::fstat(file.get(), &found) != 0) {
        return refusal(errno, subject(path));
    }
    if (!S_ISREG(found.st_mode)) {
        return Error{Errc::malformed, subject(path) + ": is not a regular file"};
    }
    return BeneathFile{subject(path), std::move(file)};
}

Result<FileStatus> BeneathFile::status() const {
    struct stat found {};
    if (::fstat(fd_.get(), &found) != 0) {
        return system_error(errno, path_);
    }
    return to_status(found);
}

Result<std::uint64_t> BeneathFile::links() const {
    struct stat found {};
    if (::fstat(fd_.get(), &found) != 0) {
        return system_error(errno, path_);
    }
    return found.st_nlink;
}

Result<std::string> BeneathFile::read(std::uint64_t offset, std::size_t limit) const {
    std::string text(limit, '\0');
    std::size_t length = 0;
    while (length < limit) {
        const auto at = static_cast<off_t>(offset + length);
        const auto got = ::pread(fd_.get(), text.data() + length, limit - length, at);
        if (got < 0 && errno != EINTR) {
            return system_error(errno, path_);
        }
        if (got == 0) {
            break;
        }
        length += got > 0 ? static_cast<std::size_t>(got) : 0;
    }
    text.resize(length);
    return text;
}

Result<std::string> Beneath::read(std::string_view path, std::size_t limit) const {
    const auto file = open_file(path);
    if (!file) {
        return file.error();
    }
    const auto found = file->status();
    if (!found) {
        return found.error();
    }
    // One byte more than there should be tells that it grew; then all that is allowed is read.
    auto text = file->read(0, std::min<std::uint64_t>(found->size_bytes, limit) + 1);
    if (text && text->size() > found->size_bytes && text->size() <= limit) {
        text = file->read(0, limit + 1);
    }
    if (text && text->size() > limit) {
        return Error{Errc::malformed,
                     subject(path) + ": larger than " + std::to_string(limit) + " bytes"};
    }
    return text;
}

Result<std::vector<std::string>> Beneath::list(std::size_t limit) const {
    auto fd = open_no_links(fd_->get(), ".", O_RDONLY | O_DIRECTORY);
    if (!fd) {
        return refusal(errno, path_);
    }
    const std::unique_ptr<DIR, CloseDirectory> directory{::fdopendir(fd.get())};
    if (!directory) {
        return system_error(errno, path_);
    }
    fd.release();  // the stream closes it
    std::vector<std::string> names;
    // NOLINTNEXTLINE(concurrency-mt-unsafe): a stream of our own
    while (const auto* entry = ::readdir(directory.get())) {
        const std::string_view name{static_cast<const char*>(entry->d_name)};
        if (name == "." || name == "..") {
            continue;
        }
        if (names.size() == limit) {
            return Error{Errc::malformed,
                         path_ + ": more than " + std::to_string(limit) + " files"};
        }
        names.emplace_back(name);
    }
    return names;
}

Result<FileStatus> Beneath::status(std::string_view path) const {
    struct stat found {};
    if (path == ".") {  // without a way through itself, which its modes may forbid
        return ::fstat(fd_->get(), &found) == 0 ? Result<FileStatus>{to_status(found)}
                                                : system_error(errno, path_);
    }
    const auto file = open_no_links(fd_->get(), path, O_PATH | O_NOFOLLOW);
    if (!file || ::fstat(file.get(), &found) != 0) {
        return refusal(errno, subject(path));
    }
    return to_status(found);
}

Result<std::string> Beneath::read_link(std::string_view path) const {
    const auto link = open_no_links(fd_->get(), path, O_PATH | O_NOFOLLOW);
    if (!link) {
        return refusal(errno, subject(path));
    }
    std::array<char, 4096> target{};
    const auto length = ::readlinkat(link.get(), "", target.data(), target.size());
    if (length < 0) {
        // readlinkat on what is no symlink: EINVAL, or ENOENT for an empty name.
        return Error{Errc::malformed, subject(path) + ": is not a symlink"};
    }
    return std::string{target.data(), static_cast<std::size_t>(length)};
}

Result<FilesystemUsage> Beneath::space() const {
    struct statvfs space {};
    if (::fstatvfs(fd_->get(), &space) != 0) {
        return system_error(errno, path_);
    }
    return FilesystemUsage{.size_bytes = space.f_blocks * space.f_frsize,
                           .avail_bytes = space.f_bavail * space.f_frsize,
                           .files = space.f_files,
                           .files_free = space.f_ffree};
}

Result<std::string> Beneath::real_path() const {
    std::array<char, 4096> target{};
    const auto link = "/proc/self/fd/" + std::to_string(fd_->get());
    const auto length = ::readlink(link.c_str(), target.data(), target.size());
    if (length < 0) {
        return system_error(errno, path_);
    }
    return std::string{target.data(), static_cast<std::size_t>(length)};
}

Result<Beneath> Beneath::directory(std::string_view path) const {
    auto found = open_no_links(fd_->get(), path, O_PATH | O_DIRECTORY);
    if (!found) {
        return refusal(errno, subject(path));
    }
    return Beneath{subject(path), std::move(found)};
}

Result<UniqueFd> Beneath::open_directory(std::string_view path) const {
    return open_directory(*fd_, path);
}

Result<UniqueFd> Beneath::open_directory(const UniqueFd& from, std::string_view path) const {
    auto directory = open_no_links(from.get(), path, O_RDONLY | O_DIRECTORY);
    if (!directory) {
        return system_error(errno == EXDEV || errno == ELOOP ? ENOENT : errno, subject(path));
    }
    if (mount_of(directory.get()) != mount_of(fd_->get())) {
        return system_error(ENOENT, subject(path));
    }
    return directory;
}

}  // namespace paws::platform
