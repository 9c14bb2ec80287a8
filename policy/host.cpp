#include "policy/host.h"

#include "core/snapshot.h"
#include "policy/forecast.h"
#include "policy/thresholds.h"

#include <algorithm>

namespace paws::policy {

namespace {

// The share of CPU time that was neither idle nor waiting for I/O since the previous tick.
std::optional<double> busy_share(const CpuTimes& now, const CpuTimes& before) {
    const double idle = (now.idle + now.iowait) - (before.idle + before.iowait);
    const auto total_of = [](const CpuTimes& t) {
        return t.user + t.nice + t.system + t.idle + t.iowait + t.irq + t.softirq + t.steal;
    };
    const double total = total_of(now) - total_of(before);
    return total > 0 ? std::optional{1.0 - idle / total} : std::nullopt;
}

// Whether `crossed` has now held for as long as a sustained problem needs.
bool sustained(Memories& memories, Problem problem, bool crossed, const Now& now) {
    if (!crossed) {
        memories.host_since.erase(problem);
        return false;
    }
    const auto since = memories.host_since.try_emplace(problem, now.boot).first->second;
    return now.boot - since >= sustained_for;
}

std::optional<double> cpu_busy(const Host& host, Memories& memories, const Now& now) {
    const auto* cpu = fresh(host.cpu, now);
    if (cpu == nullptr) {
        memories.cpu.reset();
        return std::nullopt;
    }
    const auto busy = memories.cpu ? busy_share(cpu->times, *memories.cpu) : std::nullopt;
    memories.cpu = cpu->times;
    return busy;
}

bool memory_crossed(const Host& host, const Now& now) {
    const auto* memory = fresh(host.memory, now);
    if (memory == nullptr || memory->total_bytes == 0) {
        return false;
    }
    const auto available = static_cast<double>(memory->available_bytes);
    return 1.0 - available / static_cast<double>(memory->total_bytes) > memory_used_warn;
}

bool clock_crossed(const Host& host, const Now& now) {
    const auto* clock = fresh(host.clock, now);
    return clock != nullptr && !clock->synchronised;
}

void judge_filesystems(const Host& host,
                       HostJudgement& judged,
                       Memories& memories,
                       const Now& now) {
    const auto* filesystems = fresh(host.filesystems, now);
    if (filesystems == nullptr) {
        return;
    }
    std::map<std::string, std::vector<SpaceSample>> kept;
    for (const auto& filesystem : *filesystems) {
        if (!filesystem.usage || filesystem.read_only) {
            continue;
        }
        auto samples = std::move(memories.space[filesystem.mountpoint]);
        remember(samples, {.at = now.boot, .avail_bytes = filesystem.usage->avail_bytes});
        if (const auto left = full_in_seconds(samples)) {
            judged.full_in_seconds[filesystem.mountpoint] = *left;
        }
        kept[filesystem.mountpoint] = std::move(samples);
        if (bytes_fullness(filesystem) >= Fullness::filling) {
            judged.problems.insert(Problem::disk);
        }
        if (inodes_fullness(filesystem) == Fullness::full) {
            judged.problems.insert(Problem::inodes);
        }
        if (bytes_fullness(filesystem) == Fullness::full) {
            judged.health = Health::failed;
        }
    }
    memories.space = std::move(kept);
}

}  // namespace

Fullness bytes_fullness(const Filesystem& filesystem) {
    if (!filesystem.usage || filesystem.usage->size_bytes == 0) {
        return Fullness::unknown;
    }
    const auto& usage = *filesystem.usage;
    const double used =
        1.0 - static_cast<double>(usage.avail_bytes) / static_cast<double>(usage.size_bytes);
    return used > disk_used_block  ? Fullness::full
           : used > disk_used_warn ? Fullness::filling
                                   : Fullness::roomy;
}

Fullness inodes_fullness(const Filesystem& filesystem) {
    if (!filesystem.usage || filesystem.usage->files == 0) {
        return Fullness::unknown;
    }
    const auto& usage = *filesystem.usage;
    const double free = static_cast<double>(usage.files_free) / static_cast<double>(usage.files);
    return free < inodes_free_block ? Fullness::full : Fullness::roomy;
}

const Filesystem* filesystem_of(const Host& host, const std::string& path) {
    const auto holds = [&](const std::string& mountpoint) {
        return mountpoint == "/" || path == mountpoint || path.starts_with(mountpoint + "/");
    };
    const Filesystem* best = nullptr;
    if (!host.filesystems.value || path.empty()) {
        return best;
    }
    for (const auto& filesystem : *host.filesystems.value) {
        const bool closer =
            best == nullptr || filesystem.mountpoint.size() > best->mountpoint.size();
        if (holds(filesystem.mountpoint) && closer) {
            best = &filesystem;
        }
    }
    return best;
}

HostJudgement judge_host(const Host& host, Memories& memories, const Now& now) {
    HostJudgement judged;
    const bool known = fresh(host.cpu, now) != nullptr && fresh(host.memory, now) != nullptr;
    judged.health = known ? Health::ok : Health::unknown;
    judge_filesystems(host, judged, memories, now);
    judged.cpu_busy = cpu_busy(host, memories, now);
    if (sustained(memories, Problem::cpu, judged.cpu_busy.value_or(0) > cpu_busy_warn, now)) {
        judged.problems.insert(Problem::cpu);
    }
    if (sustained(memories, Problem::memory, memory_crossed(host, now), now)) {
        judged.problems.insert(Problem::memory);
    }
    if (sustained(memories, Problem::clock, clock_crossed(host, now), now)) {
        judged.problems.insert(Problem::clock);
    }
    if (judged.health == Health::ok && !judged.problems.empty()) {
        judged.health = Health::degraded;
    }
    return judged;
}

}  // namespace paws::policy
