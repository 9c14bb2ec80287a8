#include "exporter/pressure_series.h"
#include "exporter/sections.h"

#include <array>

namespace paws::exporter {

namespace {

constexpr std::string_view no_source = "its collector is switched off or has failed for 30 s";

// A value of one of the host's facts.
template <auto Fact, auto Member>
void member(const View& view, Series& out) {
    if (const auto* fact = view.fresh(view.host().*Fact)) {
        out.add(fact->*Member);
    }
}

void cpu_seconds(const View& view, Series& out) {
    const auto* cpu = view.fresh(view.host().cpu);
    if (cpu == nullptr) {
        return;
    }
    const auto& times = cpu->times;
    out.add(times.user, {"user"});
    out.add(times.nice, {"nice"});
    out.add(times.system, {"system"});
    out.add(times.idle, {"idle"});
    out.add(times.iowait, {"iowait"});
    out.add(times.irq, {"irq"});
    out.add(times.softirq, {"softirq"});
    out.add(times.steal, {"steal"});
}

void pressure(const View& view, Series& out) {
    if (const auto* stalls = view.fresh(view.host().pressure)) {
        add_pressure(*stalls, out);
    }
}

void oom_kills(const View& view, Series& out) {
    if (const auto* kills = view.fresh(view.host().oom_kills)) {
        out.add(*kills);
    }
}

void boot(const View& view, Series& out) {
    if (const auto* time = view.fresh(view.host().boot)) {
        out.add(to_unix_seconds(*time));
    }
}

void clock_synchronised(const View& view, Series& out) {
    if (const auto* clock = view.fresh(view.host().clock)) {
        out.add(clock->synchronised ? 1 : 0);
    }
}

void clock_offset(const View& view, Series& out) {
    if (const auto* clock = view.fresh(view.host().clock)) {
        out.add(clock->offset_seconds, {"kernel"});
    }
    if (const auto behind = view.snapshot.judged.host.clock_behind_github_seconds;
        behind && !view.outdated) {
        out.add(*behind, {"github"});
    }
}

constexpr std::array host_table{
    Metric{.name = "paws_host_cpu_seconds_total",
           .kind = Kind::counter,
           .unit = "seconds",
           .labels = "mode",
           .help = "CPU time since boot, summed over all CPUs.",
           .absent = no_source,
           .fill = cpu_seconds},
    Metric{.name = "paws_host_cpus",
           .help = "CPUs that are online.",
           .absent = no_source,
           .fill = member<&Host::cpu, &Cpu::cpus>},
    Metric{.name = "paws_host_load1",
           .help = "Load average over one minute.",
           .absent = no_source,
           .fill = member<&Host::load, &LoadAverage::one>},
    Metric{.name = "paws_host_load5",
           .help = "Load average over five minutes.",
           .absent = no_source,
           .fill = member<&Host::load, &LoadAverage::five>},
    Metric{.name = "paws_host_load15",
           .help = "Load average over fifteen minutes.",
           .absent = no_source,
           .fill = member<&Host::load, &LoadAverage::fifteen>},
    Metric{.name = "paws_host_memory_total_bytes",
           .unit = "bytes",
           .help = "Memory that the kernel manages (MemTotal).",
           .absent = no_source,
           .fill = member<&Host::memory, &Memory::total_bytes>},
    Metric{.name = "paws_host_memory_available_bytes",
           .unit = "bytes",
           .help = "Memory that programs can get without swapping (MemAvailable).",
           .absent = no_source,
           .fill = member<&Host::memory, &Memory::available_bytes>},
    Metric{.name = "paws_host_swap_total_bytes",
           .unit = "bytes",
           .help = "Swap space; 0 where there is none.",
           .absent = no_source,
           .fill = member<&Host::memory, &Memory::swap_total_bytes>},
    Metric{.name = "paws_host_swap_free_bytes",
           .unit = "bytes",
           .help = "Swap space that is free.",
           .absent = no_source,
           .fill = member<&Host::memory, &Memory::swap_free_bytes>},
    Metric{.name = "paws_host_pressure_seconds_total",
           .kind = Kind::counter,
           .unit = "seconds",
           .labels = "resource,kind",
           .help = "Time in which some or all tasks of the host waited for the resource.",
           .absent = "the kernel has no PSI or was booted with psi=0; kind full of cpu on "
                     "kernels before 5.13",
           .fill = pressure},
    Metric{.name = "paws_host_oom_kills_total",
           .kind = Kind::counter,
           .help = "Processes that the kernel killed for want of memory, since boot.",
           .absent = "kernels before 4.13",
           .fill = oom_kills},
    Metric{.name = "paws_host_boot_timestamp_seconds",
           .unit = "seconds",
           .help = "When the host was booted, in Unix time.",
           .absent = no_source,
           .fill = boot},
    Metric{.name = "paws_host_clock_synchronised",
           .help = "Whether the kernel's clock is disciplined by a time source.",
           .absent = "adjtimex is refused, as in some containers",
           .fill = clock_synchronised},
    Metric{.name = "paws_host_clock_offset_seconds",
           .unit = "seconds",
           .labels = "source",
           .help = "How far the clock is behind its source (negative: ahead); source kernel is "
                   "adjtimex, which stops at half a second; github is the Date of GitHub's "
                   "answers, 0 when it fits to the second.",
           .absent = "kernel: adjtimex is refused, as in some containers; github: no server that a "
                     "runner needs has answered for five minutes",
           .fill = clock_offset},
};

}  // namespace

std::span<const Metric> host_metrics() {
    return host_table;
}

}  // namespace paws::exporter
