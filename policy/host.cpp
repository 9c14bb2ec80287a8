#include "policy/host.h"

#include "core/snapshot.h"
#include "policy/clock.h"
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
std::optional<bool> sustained(Memories& memories,
                              Problem problem,
                              std::optional<bool> crossed,
                              const Now& now) {
    if (!crossed.value_or(false)) {
        memories.host_since.erase(problem);
        return crossed;
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

std::optional<bool> cpu_crossed(const HostJudgement& judged) {
    return judged.cpu_busy ? std::optional{*judged.cpu_busy > cpu_busy_warn} : std::nullopt;
}

std::optional<bool> memory_crossed(const Host& host, const Now& now) {
    const auto* memory = fresh(host.memory, now);
    if (memory == nullptr || memory->total_bytes == 0) {
        return std::nullopt;
    }
    const auto available = static_cast<double>(memory->available_bytes);
    return 1.0 - available / static_cast<double>(memory->total_bytes) > memory_used_warn;
}

std::optional<bool> clock_crossed(const Host& host, const Now& now) {
    const auto* clock = fresh(host.clock, now);
    return clock != nullptr ? std::optional{!clock->synchronised} : std::nullopt;
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
        if (does_not_answer(filesystem)) {
            judged.problems.check(Problem::disk, true);
        }
        if (!filesystem.usage || filesystem.read_only) {
            continue;  // read-only is how some are meant; a runner's own is its problem
        }
        auto samples = std::move(memories.space[filesystem.mountpoint]);
        remember(samples, {.at = now.boot, .avail_bytes = filesystem.usage->avail_bytes});
        if (const auto left = full_in_seconds(samples)) {
            judged.full_in_seconds[filesystem.mountpoint] = *left;
        }
        kept[filesystem.mountpoint] = std::move(samples);
        judged.problems.check(Problem::disk, bytes_fullness(filesystem) >= Fullness::filling);
        judged.problems.check(Problem::inodes, inodes_fullness(filesystem) == Fullness::full);
        if (bytes_fullness(filesystem) == Fullness::full) {
            judged.health = Health::failed;
        }
    }
    memories.space = std::move(kept);
}

// What GitHub says needs no time to be believed, and counts beside the kernel's word.
void judge_clock(const Facts& facts, HostJudgement& judged, const Now& now) {
    const auto behind = clock_behind_github(facts.runners, now);
    judged.clock_behind_github_seconds = behind;
    if (behind && (clock_is_off(behind) || !judged.problems.found.contains(Problem::clock))) {
        judged.problems.check(Problem::clock, clock_is_off(behind));
    }
    if (clock_is_far_off(behind)) {
        judged.health = Health::failed;
    }
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

bool does_not_answer(const Filesystem& filesystem) {
    return !filesystem.usage && !filesystem.hidden;
}

const Filesystem* filesystem_of(const Host& host, const std::string& path, const Now& now) {
    const auto holds = [&](const std::string& mountpoint) {
        return mountpoint == "/" || path == mountpoint || path.starts_with(mountpoint + "/");
    };
    const Filesystem* best = nullptr;
    const auto* filesystems = fresh(host.filesystems, now);
    if (filesystems == nullptr || path.empty()) {
        return best;
    }
    for (const auto& filesystem : *filesystems) {
        const bool closer =
            best == nullptr || filesystem.mountpoint.size() > best->mountpoint.size();
        if (holds(filesystem.mountpoint) && closer) {
            best = &filesystem;
        }
    }
    return best;
}

HostJudgement judge_host(const Facts& facts, Memories& memories, const Now& now) {
    const auto& host = facts.host;
    HostJudgement judged;
    const bool known = fresh(host.cpu, now) != nullptr && fresh(host.memory, now) != nullptr &&
                       fresh(host.filesystems, now) != nullptr;
    judged.health = known ? Health::ok : Health::unknown;
    judge_filesystems(host, judged, memories, now);
    judged.cpu_busy = cpu_busy(host, memories, now);
    const auto check = [&](Problem problem, std::optional<bool> crossed) {
        judged.problems.check(problem, sustained(memories, problem, crossed, now));
    };
    check(Problem::cpu, cpu_crossed(judged));
    check(Problem::memory, memory_crossed(host, now));
    check(Problem::clock, clock_crossed(host, now));
    judge_clock(facts, judged, now);
    if (judged.health == Health::ok && !judged.problems.found.empty()) {
        judged.health = Health::degraded;
    }
    return judged;
}

}  // namespace paws::policy
