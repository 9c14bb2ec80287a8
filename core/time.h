// Time: two clocks, both handed in as arguments. Only platform/ asks the kernel for them.
// Ages are taken on the boot clock, which never steps; wall time is for people and for other hosts.

#pragma once

#include <chrono>

namespace paws {

using WallTime = std::chrono::sys_time<std::chrono::nanoseconds>;

// CLOCK_BOOTTIME: counts suspend, never steps. It has no now() on purpose.
struct BootClock {
    using duration = std::chrono::nanoseconds;
    using rep = duration::rep;
    using period = duration::period;
    using time_point = std::chrono::time_point<BootClock>;
    static constexpr bool is_steady = true;
};
using BootTime = BootClock::time_point;

struct Now {
    WallTime wall;
    BootTime boot;
};

inline double to_seconds(std::chrono::nanoseconds span) {
    return std::chrono::duration<double>{span}.count();
}
inline double to_unix_seconds(WallTime time) {
    return to_seconds(time.time_since_epoch());
}

}  // namespace paws
