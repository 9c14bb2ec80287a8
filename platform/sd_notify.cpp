#include "platform/sd_notify.h"

#include "core/text.h"

#include <cstdint>
#include <cstdlib>
#include <string_view>

#include <sys/stat.h>
#include <systemd/sd-daemon.h>
#include <unistd.h>

namespace paws::platform {

bool notify(const std::string& state) {
    return ::sd_notify(0, state.c_str()) > 0;
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
