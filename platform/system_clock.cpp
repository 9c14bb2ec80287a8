#include "platform/system_clock.h"

#include <ctime>

namespace paws::platform {

namespace {

std::chrono::nanoseconds read(clockid_t clock) {
    timespec time{};
    ::clock_gettime(clock, &time);
    return std::chrono::seconds{time.tv_sec} + std::chrono::nanoseconds{time.tv_nsec};
}

}  // namespace

Now now() {
    return {.wall = WallTime{read(CLOCK_REALTIME)}, .boot = BootTime{read(CLOCK_BOOTTIME)}};
}

}  // namespace paws::platform
