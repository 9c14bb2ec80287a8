#include "platform/no_links.h"

#include "core/text.h"

#include <cerrno>
#include <cstddef>
#include <string>
#include <utility>

#include <fcntl.h>
#include <sys/stat.h>

namespace paws::platform {

namespace {

constexpr std::size_t most_components = 256;

UniqueFd fail(int error_number) {
    errno = error_number;
    return {};
}

// The next component that leads anywhere; empty at the end.
std::string take_component(std::string_view& rest) {
    std::string_view component;
    do {
        component = take_until(rest, '/');
    } while (!rest.empty() && (component.empty() || component == "."));
    return std::string{component == "." ? std::string_view{} : component};
}

bool is_link(int directory, const std::string& name) {
    struct stat found {};
    return ::fstatat(directory, name.c_str(), &found, AT_SYMLINK_NOFOLLOW) == 0 &&
           S_ISLNK(found.st_mode);
}

bool is_link(const UniqueFd& opened) {
    struct stat found {};
    return ::fstat(opened.get(), &found) == 0 && S_ISLNK(found.st_mode);
}

// Of a symlink the kernel says ENOTDIR when a directory is wanted, and with O_PATH opens itself.
UniqueFd open_component(int directory, const std::string& name, int flags) {
    UniqueFd opened{::openat(directory, name.c_str(), flags | O_NOFOLLOW | O_CLOEXEC)};
    if (!opened) {
        return errno == ENOTDIR && is_link(directory, name) ? fail(ELOOP) : fail(errno);
    }
    const bool may_be_link = (flags & (O_PATH | O_NOFOLLOW | O_DIRECTORY)) == O_PATH;
    return may_be_link && is_link(opened) ? fail(ELOOP) : std::move(opened);
}

}  // namespace

UniqueFd open_no_links(int directory, std::string_view path, int flags) {
    if (path.empty()) {
        return fail(ENOENT);
    }
    if (path.front() == '/') {
        return fail(EXDEV);
    }
    UniqueFd way;
    auto name = take_component(path);
    for (std::size_t depth = 0; depth < most_components; ++depth) {
        const int from = depth == 0 ? directory : way.get();
        const auto next = take_component(path);
        if (name == ".." || next == "..") {
            return fail(EXDEV);
        }
        if (next.empty()) {
            return open_component(from, name.empty() ? "." : name, flags);
        }
        way = open_component(from, name, O_PATH | O_DIRECTORY);
        if (!way) {
            return {};
        }
        name = next;
    }
    return fail(ENAMETOOLONG);
}

}  // namespace paws::platform
