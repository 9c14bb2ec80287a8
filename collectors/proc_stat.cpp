#include "collectors/proc_stat.h"

#include "collectors/kernel_file.h"
#include "core/text.h"

#include <algorithm>
#include <array>
#include <chrono>
#include <cstdint>

namespace paws::collectors {

namespace {

// USER_HZ is 100 on every architecture that runners are built for.
constexpr double ticks_per_second = 100;

constexpr std::array modes{&CpuTimes::user,
                           &CpuTimes::nice,
                           &CpuTimes::system,
                           &CpuTimes::idle,
                           &CpuTimes::iowait,
                           &CpuTimes::irq,
                           &CpuTimes::softirq,
                           &CpuTimes::steal};

std::optional<CpuTimes> parse_times(std::string_view line) {
    CpuTimes times;
    for (const auto mode : modes) {
        const auto ticks = parse_integer<std::uint64_t>(take_word(line));
        if (!ticks) {
            return std::nullopt;
        }
        times.*mode = static_cast<double>(*ticks) / ticks_per_second;
    }
    return times;
}

std::optional<WallTime> parse_boot(std::string_view line) {
    constexpr std::int64_t year_2200 = 7'258'118'400;  // a WallTime ends in 2262
    const auto seconds = parse_integer<std::int64_t>(take_word(line));
    if (!seconds || *seconds < 0 || *seconds > year_2200) {
        return std::nullopt;
    }
    return WallTime{std::chrono::seconds{*seconds}};
}

bool is_one_cpu(std::string_view name) {
    return name.size() > 3 && name.starts_with("cpu") && name[3] >= '0' && name[3] <= '9';
}

}  // namespace

Result<ProcStat> parse_proc_stat(std::string_view text) {
    std::optional<CpuTimes> times;
    std::optional<WallTime> boot;
    unsigned cpus = 0;
    while (!text.empty()) {
        auto line = take_until(text, '\n');
        if (line.starts_with("cpu ")) {
            line.remove_prefix(4);
            times = parse_times(line);
        } else if (line.starts_with("btime ")) {
            line.remove_prefix(6);
            boot = parse_boot(line);
        } else if (is_one_cpu(line)) {
            ++cpus;
        }
    }
    if (!times || !boot || cpus == 0) {
        return Error{Errc::malformed,
                     !times  ? "has no line 'cpu' with eight times"
                     : !boot ? "has no line 'btime' with a time"
                             : "has no line 'cpu0' or another CPU"};
    }
    return ProcStat{{*times, cpus}, *boot};
}

CpuTimes forward_only(const CpuTimes& before, const CpuTimes& now) {
    constexpr double hotplug_seconds = 3;  // as node_exporter judges it
    if (before.idle - now.idle >= hotplug_seconds) {
        return now;
    }
    CpuTimes times = now;
    for (const auto mode : modes) {
        times.*mode = std::max(before.*mode, now.*mode);
    }
    return times;
}

Result<ProcStat> ProcStatFile::parsed() const {
    constexpr std::string_view path = "proc/stat";
    const auto text = root_.read(path);
    if (!text) {
        return text.error().code == Errc::absent ? Error{Errc::unavailable, text.error().what}
                                                 : text.error();
    }
    auto stat = parse_proc_stat(*text);
    return stat ? std::move(stat) : in_file(root_, path, stat.error());
}

const Result<ProcStat>& ProcStatFile::read(const Now& now) {
    latest_ = parsed();
    taken_ = now.boot;
    return latest_;
}

const Result<ProcStat>& ProcStatFile::recent(const Now& now) {
    constexpr std::chrono::milliseconds one_round{50};
    const bool is_recent = taken_ && now.boot >= *taken_ && now.boot - *taken_ < one_round;
    return is_recent ? latest_ : read(now);
}

Result<Fill> CpuCollector::collect(const Facts& /*seen*/, const Now& now) {
    const auto& stat = file_->read(now);
    if (!stat) {
        return stat.error();
    }
    auto cpu = stat->cpu;
    cpu.times = forward_only(before_.value_or(cpu.times), cpu.times);
    before_ = cpu.times;
    return Fill{[cpu, now](Facts& draft) { draft.host.cpu = {cpu, now}; }};
}

Result<Fill> BootCollector::collect(const Facts& /*seen*/, const Now& now) {
    const auto& stat = file_->recent(now);
    if (!stat) {
        return stat.error();
    }
    return Fill{[boot = stat->boot, now](Facts& draft) { draft.host.boot = {boot, now}; }};
}

}  // namespace paws::collectors
