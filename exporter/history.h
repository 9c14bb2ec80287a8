// History: what the last hour looked like, in steps of 10 s, for the plots of the status page.
// At most 300 kB: 360 steps of 10 gauges, 16 filesystems and 256 runners. All members may be called
// from any thread.

#pragma once

#include "core/snapshot.h"

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace paws::exporter {

// One value over the last hour, the oldest step first; nullopt where nothing was known.
template <class Value>
struct Track {
    std::string name;
    std::vector<std::optional<Value>> steps;
};

// A copy of what is remembered; all tracks have the same steps.
struct PastHour {
    std::optional<BootTime> newest;         // when the last step began; absent before the first
    std::vector<Track<float>> gauges;       // in the units that their names end with, or shares
    std::vector<Track<float>> filesystems;  // by mountpoint: the share that is used
    std::vector<Track<RunnerState>> runners;
};

class History {
public:
    static constexpr std::chrono::seconds step{10};
    static constexpr std::size_t steps = 360;
    static constexpr std::size_t gauge_limit = 10;
    static constexpr std::size_t filesystem_limit = 16;
    static constexpr std::size_t runner_limit = 256;

    // The first snapshot of a step gives its readings. Of a runner's states in it the one that
    // takes precedence stays: what was brief is seen.
    void add(const Snapshot& snapshot);
    PastHour past_hour() const;

private:
    // Steps are counted on the boot clock, which never goes back: a sleep leaves them empty.
    using Step = std::int64_t;
    template <class Value>
    struct Ring {
        std::string name;
        std::vector<std::optional<Value>> values;  // that of a step is at its number modulo `steps`
        Step latest = 0;                           // the last step with a value
    };
    template <class Value>
    using Rings = std::vector<Ring<Value>>;  // by name, ascending
    // What rates are taken from.
    struct Counters {
        Sourced<Cpu> cpu;
        Sourced<std::vector<NetworkDevice>> network;
    };

    static std::size_t place(Step step) { return static_cast<std::size_t>(step) % steps; }
    void advance(Step next);
    template <class Value>
    void advance(Rings<Value>& rings, Step next) const;
    // Null when all places are taken by what is still there.
    template <class Value>
    Ring<Value>* ring(Rings<Value>& rings, std::string_view name, std::size_t limit) const;
    void put(Rings<float>& rings,
             std::string_view name,
             std::size_t limit,
             std::optional<double> value) const;
    void put_gauge(std::string_view name, std::optional<double> value);
    void read_host(const Snapshot& snapshot);
    void read_pressure(const Pressure& pressure);
    void read_rates(const Snapshot& snapshot);
    void read_filesystems(const Snapshot& snapshot);
    void see_runners(const Snapshot& snapshot);
    template <class Value>
    std::vector<Track<Value>> tracks(const Rings<Value>& rings) const;

    mutable std::mutex mutex_;
    std::optional<Step> first_;  // the oldest that is remembered
    Step now_ = 0;
    Counters before_;
    Rings<float> gauges_;
    Rings<float> filesystems_;
    Rings<RunnerState> runners_;
};

}  // namespace paws::exporter
