#include "platform/root_fs.h"

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstdlib>
#include <system_error>

#include <dirent.h>
#include <fcntl.h>

namespace paws::platform {

namespace {

struct CloseDir {
    void operator()(DIR* handle) const noexcept { ::closedir(handle); }
};

// Opens `path` below the root directory `fd`; a leading slash would leave the root, so it goes.
UniqueFd open_below(int fd, std::string_view path, int flags) {
    path.remove_prefix(std::min(path.find_first_not_of('/'), path.size()));
    const std::string name{path.empty() ? "." : path};
    return UniqueFd{::openat(fd, name.c_str(), flags | O_CLOEXEC | O_NOCTTY | O_NONBLOCK)};
}

std::string subject(const std::string& root, std::string_view path) {
    const bool slash = !root.ends_with('/') && !path.starts_with('/');
    return root + (slash ? "/" : "") + std::string{path};
}

}  // namespace

Error system_error(int error_number, std::string_view subject) {
    const bool absent = error_number == ENOENT || error_number == ENOTDIR ||
                        error_number == ESRCH || error_number == ENODEV;
    const bool denied = error_number == EACCES || error_number == EPERM;
    return {.code = absent   ? Errc::absent
                    : denied ? Errc::denied
                             : Errc::io,
            .what = std::string{subject} + ": " + std::generic_category().message(error_number)};
}

Result<RootFs> RootFs::open(const std::string& root) {
    UniqueFd fd{::open(root.c_str(), O_PATH | O_DIRECTORY | O_CLOEXEC)};
    if (!fd) {
        return system_error(errno, root);
    }
    return RootFs{root, std::move(fd)};
}

Result<std::string> RootFs::read(std::string_view path, std::size_t limit) const {
    const auto file = open_below(fd_->get(), path, O_RDONLY);
    if (!file) {
        return system_error(errno, subject(root_, path));
    }
    std::string text;
    std::array<char, 16384> chunk{};
    for (;;) {
        const auto got = ::read(file.get(), chunk.data(), chunk.size());
        if (got < 0 && errno == EINTR) {
            continue;
        }
        if (got < 0) {
            return system_error(errno, subject(root_, path));
        }
        if (got == 0) {
            return text;
        }
        text.append(chunk.data(), static_cast<std::size_t>(got));
        if (text.size() > limit) {
            return Error{
                Errc::malformed,
                subject(root_, path) + ": larger than " + std::to_string(limit) + " bytes"};
        }
    }
}

Result<std::vector<std::string>> RootFs::list(std::string_view path, std::size_t limit) const {
    const auto where = subject(root_, path);
    auto fd = open_below(fd_->get(), path, O_RDONLY | O_DIRECTORY);
    if (!fd) {
        return system_error(errno, where);
    }
    const std::unique_ptr<DIR, CloseDir> directory{::fdopendir(::dup(fd.get()))};
    if (!directory) {
        return system_error(errno, where);
    }
    std::vector<std::string> names;
    while (const auto* entry = ::readdir(directory.get())) {
        const std::string_view name{static_cast<const char*>(entry->d_name)};
        if (name == "." || name == "..") {
            continue;
        }
        if (names.size() == limit) {
            return Error{Errc::malformed,
                         where + ": more than " + std::to_string(limit) + " entries"};
        }
        names.emplace_back(name);
    }
    std::ranges::sort(names);
    return names;
}

Result<std::string> RootFs::read_link(std::string_view path) const {
    path.remove_prefix(std::min(path.find_first_not_of('/'), path.size()));
    std::array<char, 4096> target{};
    const auto length =
        ::readlinkat(fd_->get(), std::string{path}.c_str(), target.data(), target.size());
    if (length < 0) {
        return system_error(errno, subject(root_, path));
    }
    return std::string{target.data(), static_cast<std::size_t>(length)};
}

}  // namespace paws::platform
