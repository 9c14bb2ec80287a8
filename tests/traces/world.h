// World: what all runners of a host share: weather, wire and clocks. An instant is real time; the
// host's clocks are made from it.

#pragma once

#include "core/time.h"
#include "tests/traces/weather.h"
#include "tests/traces/wire.h"

#include <utility>

namespace paws::traces {

class World {
public:
    static constexpr WallTime monday{std::chrono::sys_days{std::chrono::year{2026} / 1 / 12}};

    World(Weather drawn, Span up_before) : weather{std::move(drawn)}, booted_{-up_before} {}
    World(const World&) = delete;
    World& operator=(const World&) = delete;
    ~World() = default;

    // The wall clock, wrong where the weather says so.
    WallTime wall(Instant at) const {
        const auto* wrong = weather.during(Trouble::clock_wrong, at);
        return monday + at + (wrong != nullptr ? wrong->amount : Span{0});
    }
    BootTime boot(Instant at) const { return BootTime{at - booted_}; }
    WallTime booted_wall() const { return monday + booted_; }

    // Time as timers and sockets of Linux count it: without suspend.
    Instant awake(Instant at) const { return at - weather.suspended_before(at); }

    void reboot(Instant at) { booted_ = at; }

    int next_pid() {
        static constexpr int largest = 4'194'303;  // pid_max of a 64-bit kernel
        last_pid_ = last_pid_ + 1 > largest ? 300 : last_pid_ + 1;
        return last_pid_;
    }

    const Weather weather;
    const Wire wire{weather};

private:
    Instant booted_;
    int last_pid_ = 1'000;
};

}  // namespace paws::traces
