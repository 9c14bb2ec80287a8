#include "platform/sd_notify.h"

#include "core/text.h"
#include "platform/descriptors.h"
#include "platform/unique_fd.h"

#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <span>
#include <string_view>

#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/time.h>
#include <sys/un.h>
#include <systemd/sd-daemon.h>
#include <unistd.h>

namespace paws::platform {

namespace {

// A manager that does not read (PID 1 hangs) must not hang us: sd_notify(3) of systemd 252 waits
// for it without end.
constexpr timeval patience{0, 50'000};

// NOTIFY_SOCKET is a path, or "@" and a name in the abstract namespace (sd_notify(3), unix(7)).
std::optional<sockaddr_un> manager_address(socklen_t& length) {
    const char* socket = std::getenv("NOTIFY_SOCKET");  // NOLINT(concurrency-mt-unsafe): no setenv
    const std::string_view path{socket == nullptr ? "" : socket};
    sockaddr_un address{};
    if (path.size() < 2 || path.size() >= sizeof(address.sun_path) ||
        (path.front() != '/' && path.front() != '@')) {
        return std::nullopt;
    }
    address.sun_family = AF_UNIX;
    path.copy(static_cast<char*>(address.sun_path), path.size());
    if (path.front() == '@') {
        address.sun_path[0] = '\0';
    }
    length = static_cast<socklen_t>(offsetof(sockaddr_un, sun_path) + path.size());
    return address;
}

}  // namespace

bool notify(const std::string& state, std::optional<int> descriptor) {
    socklen_t length = 0;
    const auto address = manager_address(length);
    if (!address) {
        return false;
    }
    const UniqueFd fd{::socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0)};
    ::setsockopt(fd.get(), SOL_SOCKET, SO_SNDTIMEO, &patience, sizeof(patience));
    const std::span<const int> descriptors{descriptor ? &*descriptor : nullptr,
                                           descriptor ? 1U : 0U};
    const auto to = std::as_bytes(std::span{&*address, 1}).first(length);
    return send_descriptors(fd.get(), state, descriptors, to).has_value();
}

std::string monotonic_stamp() {
    const auto since_boot = std::chrono::steady_clock::now().time_since_epoch();
    return "MONOTONIC_USEC=" +
           std::to_string(
               std::chrono::duration_cast<std::chrono::microseconds>(since_boot).count());
}

std::optional<std::chrono::microseconds> watchdog_interval() {
    std::uint64_t interval = 0;
    if (::sd_watchdog_enabled(0, &interval) <= 0) {
        return std::nullopt;
    }
    return std::chrono::microseconds{interval};
}

bool stderr_is_the_journal() {
    const char* stream = std::getenv("JOURNAL_STREAM");  // NOLINT(concurrency-mt-unsafe): no setenv
    struct stat file {};
    if (stream == nullptr || ::fstat(STDERR_FILENO, &file) != 0) {
        return false;
    }
    std::string_view rest{stream};
    const auto device = parse_integer<std::uint64_t>(take_until(rest, ':'));
    const auto inode = parse_integer<std::uint64_t>(rest);
    return device == file.st_dev && inode == file.st_ino;
}

}  // namespace paws::platform
