// The host's own facts: plausible and, but for clock, load and OOM kills, without a story.

#include "tests/traces/observer.h"

namespace paws::traces {

namespace {

constexpr std::uint64_t gibibyte = 1U << 30U;

template <class T>
T& refresh(Sourced<T>& fact, const Now& now) {
    fact.taken = now;
    return fact.value ? *fact.value : fact.value.emplace();
}

void set_disk(Host& host, const Now& now) {
    if (!host.filesystems.value) {
        host.filesystems.value = {Filesystem{.mountpoint = "/",
                                             .device = "/dev/vda1",
                                             .fstype = "ext4",
                                             .usage = FilesystemUsage{}}};
    }
    host.filesystems.taken = now;
    host.filesystems.value->front().usage = FilesystemUsage{.size_bytes = 200 * gibibyte,
                                                            .avail_bytes = 120 * gibibyte,
                                                            .files = 13'000'000,
                                                            .files_free = 11'000'000};
    refresh(host.disks, now);
    refresh(host.network, now);
}

}  // namespace

void Observer::watch_host() {
    auto& host = facts_.host;
    const auto up = to_seconds(now_.boot.time_since_epoch());
    const bool overloaded = !works(Trouble::overload);
    std::uint64_t oom_kills = 0;
    for (const auto& runner : runners_) {
        oom_kills += runner.visible().oom_kills;
    }
    auto& cpu = refresh(host.cpu, now_);
    cpu.cpus = 4;
    cpu.times.user = up * 0.4;
    cpu.times.system = up * 0.1;
    cpu.times.idle = up * 3.5;
    auto& load = refresh(host.load, now_);
    load.one = overloaded ? 40 : 0.7;
    load.five = load.one;
    load.fifteen = load.one;
    refresh(host.memory, now_) = {.total_bytes = 16 * gibibyte,
                                  .available_bytes = (overloaded ? 1 : 10) * gibibyte};
    const double stalled = overloaded ? 70 : 0.2;
    auto& pressure = refresh(host.pressure, now_);
    pressure.cpu.some = Stall{.avg10 = stalled, .avg60 = stalled, .avg300 = stalled / 2};
    pressure.io = {.some = pressure.cpu.some, .full = pressure.cpu.some};
    pressure.memory.some = Stall{};
    set_disk(host, now_);
    refresh(host.oom_kills, now_) = oom_kills;
    refresh(host.boot, now_) = world_.booted_wall();
    const auto* wrong = world_.weather.during(Trouble::clock_wrong, at_);
    refresh(host.clock, now_) = {.synchronised = wrong == nullptr};
}

}  // namespace paws::traces
