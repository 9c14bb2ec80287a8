#include "exporter/history.h"

#include <algorithm>

namespace paws::exporter {

namespace {

static_assert(sizeof(std::optional<RunnerState>) == 2, "the history is mostly these");

std::optional<double> share_used(std::uint64_t total, std::uint64_t free) {
    if (total == 0) {
        return std::nullopt;
    }
    return 1.0 - static_cast<double>(free) / static_cast<double>(total);
}

// The share of CPU time that was neither idle nor waiting for I/O.
std::optional<double> busy_share(const CpuTimes& now, const CpuTimes& before) {
    const auto total_of = [](const CpuTimes& t) {
        return t.user + t.nice + t.system + t.idle + t.iowait + t.irq + t.softirq + t.steal;
    };
    const double idle = (now.idle + now.iowait) - (before.idle + before.iowait);
    const double total = total_of(now) - total_of(before);
    return total > 0 ? std::optional{std::clamp(1.0 - idle / total, 0.0, 1.0)} : std::nullopt;
}

using Counter = NetworkCounters NetworkDevice::*;

// Of all devices but the loopback that were there before; one whose counter fell began anew.
double bytes_since(const std::vector<NetworkDevice>& now,
                   const std::vector<NetworkDevice>& before,
                   Counter counter) {
    double bytes = 0;
    for (const auto& device : now) {
        const auto earlier = std::ranges::find(before, device.device, &NetworkDevice::device);
        if (device.device == "lo" || earlier == before.end()) {
            continue;
        }
        const auto old_count = ((*earlier).*counter).bytes;
        const auto new_count = (device.*counter).bytes;
        bytes += new_count >= old_count ? static_cast<double>(new_count - old_count) : 0;
    }
    return bytes;
}

}  // namespace

void History::add(const Snapshot& snapshot) {
    if (!is_settled(snapshot)) {
        return;
    }
    const auto current = static_cast<Step>(snapshot.taken.boot.time_since_epoch() / step);
    const std::lock_guard lock{mutex_};
    if (!first_ || current > now_) {
        advance(current);
        read_host(snapshot);
        read_filesystems(snapshot);
    }
    see_runners(snapshot);
}

void History::advance(Step next) {
    advance(gauges_, next);
    advance(filesystems_, next);
    advance(runners_, next);
    const auto oldest = next - static_cast<Step>(steps) + 1;
    first_ = std::max(first_.value_or(next), oldest);
    now_ = next;
}

template <class Value>
void History::advance(Rings<Value>& rings, Step next) const {
    const auto hour = static_cast<Step>(steps);
    std::erase_if(rings, [&](const Ring<Value>& one) { return one.latest <= next - hour; });
    for (auto& one : rings) {
        for (auto empty = std::max(now_ + 1, next - hour + 1); empty <= next; ++empty) {
            one.values[place(empty)].reset();
        }
    }
}

template <class Value>
History::Ring<Value>* History::ring(Rings<Value>& rings,
                                    std::string_view name,
                                    std::size_t limit) const {
    const auto found = [&] {
        return std::ranges::lower_bound(rings, name, {}, &Ring<Value>::name);
    };
    if (const auto known = found(); known != rings.end() && known->name == name) {
        return &*known;
    }
    if (rings.size() >= limit) {
        const auto gone = std::ranges::min_element(rings, {}, &Ring<Value>::latest);
        if (gone->latest >= now_ - 1) {
            return nullptr;
        }
        rings.erase(gone);
    }
    return &*rings.insert(
        found(), {.name = std::string{name}, .values = std::vector<std::optional<Value>>(steps)});
}

void History::put(Rings<float>& rings,
                  std::string_view name,
                  std::size_t limit,
                  std::optional<double> value) const {
    auto* const one = value ? ring(rings, name, limit) : nullptr;
    if (one != nullptr) {
        one->values[place(now_)] = static_cast<float>(*value);
        one->latest = now_;
    }
}

void History::put_gauge(std::string_view name, std::optional<double> value) {
    put(gauges_, name, gauge_limit, value);
}

void History::read_host(const Snapshot& snapshot) {
    const auto& host = snapshot.facts.host;
    if (const auto* memory = fresh(host.memory, snapshot.taken)) {
        put_gauge("memory_used", share_used(memory->total_bytes, memory->available_bytes));
        put_gauge("swap_used", share_used(memory->swap_total_bytes, memory->swap_free_bytes));
    }
    if (const auto* load = fresh(host.load, snapshot.taken)) {
        put_gauge("load1", load->one);
    }
    if (const auto* pressure = fresh(host.pressure, snapshot.taken)) {
        read_pressure(*pressure);
    }
    if (const auto* clock = fresh(host.clock, snapshot.taken)) {
        put_gauge("clock_offset_seconds", clock->offset_seconds);
    }
    read_rates(snapshot);
}

void History::read_pressure(const Pressure& pressure) {
    const auto percent = [](const Stalls& stalls) {
        return stalls.some ? std::optional{stalls.some->avg10} : std::nullopt;
    };
    put_gauge("pressure_cpu_percent", percent(pressure.cpu));
    put_gauge("pressure_memory_percent", percent(pressure.memory));
    put_gauge("pressure_io_percent", percent(pressure.io));
}

// Across a pause, such as a sleep of the host, a rate would be of no moment in it.
void History::read_rates(const Snapshot& snapshot) {
    const auto& host = snapshot.facts.host;
    const auto* cpu = fresh(host.cpu, snapshot.taken);
    const auto* cpu_before = fresh(before_.cpu, snapshot.taken);
    if (cpu != nullptr && cpu_before != nullptr) {
        put_gauge("cpu_busy", busy_share(cpu->times, cpu_before->times));
    }
    const auto* network = fresh(host.network, snapshot.taken);
    const auto* network_before = fresh(before_.network, snapshot.taken);
    const auto span = to_seconds(host.network.taken.boot - before_.network.taken.boot);
    if (network != nullptr && network_before != nullptr && span > 0) {
        const auto rate = [&](Counter counter) {
            return bytes_since(*network, *network_before, counter) / span;
        };
        put_gauge("receive_bytes_per_second", rate(&NetworkDevice::receive));
        put_gauge("transmit_bytes_per_second", rate(&NetworkDevice::transmit));
    }
    before_ = {.cpu = host.cpu, .network = host.network};
}

// What is read-only does not fill up, and a host may have a hundred images mounted.
void History::read_filesystems(const Snapshot& snapshot) {
    const auto* all = fresh(snapshot.facts.host.filesystems, snapshot.taken);
    if (all == nullptr) {
        return;
    }
    for (const auto& one : *all) {
        if (one.usage && !one.read_only) {
            put(filesystems_,
                one.mountpoint,
                filesystem_limit,
                share_used(one.usage->size_bytes, one.usage->avail_bytes));
        }
    }
}

void History::see_runners(const Snapshot& snapshot) {
    for (const auto& runner : snapshot.judged.runners) {
        auto* const one = ring(runners_, runner.name, runner_limit);
        if (one != nullptr) {
            auto& seen = one->values[place(now_)];
            seen = std::min(seen.value_or(runner.state), runner.state);
            one->latest = now_;
        }
    }
}

template <class Value>
std::vector<Track<Value>> History::tracks(const Rings<Value>& rings) const {
    std::vector<Track<Value>> all;
    for (const auto& one : rings) {
        auto& track = all.emplace_back(Track<Value>{.name = one.name});
        for (auto at = *first_; at <= now_; ++at) {
            track.steps.push_back(one.values[place(at)]);
        }
    }
    return all;
}

PastHour History::past_hour() const {
    const std::lock_guard lock{mutex_};
    if (!first_) {
        return {};
    }
    return {.newest = BootTime{now_ * step},
            .gauges = tracks(gauges_),
            .filesystems = tracks(filesystems_),
            .runners = tracks(runners_)};
}

}  // namespace paws::exporter
