#include "platform/pid_lock.h"

#include "core/text.h"
#include "platform/root_fs.h"

#include <array>
#include <cerrno>

#include <fcntl.h>
#include <sys/file.h>
#include <unistd.h>

namespace paws::platform {

namespace {

std::string holder(int fd) {
    std::array<char, 32> text{};
    const auto got = ::pread(fd, text.data(), text.size(), 0);
    const std::string_view words{text.data(), got > 0 ? static_cast<std::size_t>(got) : 0};
    const auto pid = parse_integer<int>(trim(words));
    return pid ? "pid " + std::to_string(*pid) : "another process";
}

}  // namespace

Result<PidLock> PidLock::take(const std::string& path) {
    UniqueFd fd{::open(path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0644)};
    if (!fd) {
        return system_error(errno, path);
    }
    if (::flock(fd.get(), LOCK_EX | LOCK_NB) != 0) {
        if (errno == EWOULDBLOCK) {
            return Error{Errc::unavailable, path + ": held by " + holder(fd.get())};
        }
        return system_error(errno, path);
    }
    const auto pid = std::to_string(::getpid()) + "\n";
    if (::ftruncate(fd.get(), 0) != 0 ||
        ::pwrite(fd.get(), pid.data(), pid.size(), 0) != std::ssize(pid)) {
        return system_error(errno, path);
    }
    return PidLock{std::move(fd)};
}

}  // namespace paws::platform
