#include "core/names.h"
#include "exporter/pressure_series.h"
#include "exporter/sections.h"

#include <array>

namespace paws::exporter {

namespace {

constexpr std::string_view no_cgroup =
    "the unit has no processes, the host has no cgroup v2, or the runner is listed without a unit";

template <auto Member>
void cgroup(const View& view, Series& out) {
    for (const auto& runner : view.runners()) {
        const auto* group = view.fresh(runner.cgroup);
        if (group != nullptr && group->*Member) {
            out.add(*(group->*Member), {runner.name});
        }
    }
}

void pressure(const View& view, Series& out) {
    for (const auto& runner : view.runners()) {
        if (const auto* group = view.fresh(runner.cgroup)) {
            add_pressure(group->pressure, runner.name, out);
        }
    }
}

void processes(const View& view, Series& out) {
    for (const auto& runner : view.runners()) {
        const auto* tree = view.fresh(runner.processes);
        if (tree == nullptr || !tree->error.empty()) {
            continue;  // hidden processes are no zeros
        }
        for (const auto role : process_roles) {
            const auto count = tree->counts.find(role);
            out.add(count == tree->counts.end() ? 0 : count->second,
                    {runner.name, to_string(role)});
        }
    }
}

void directories(const View& view, Series& out) {
    for (const auto& runner : view.runners()) {
        // Measured every ten minutes: good for longer than other facts.
        if (runner.directory_bytes.value && !view.outdated) {
            for (const auto& [directory, bytes] : *runner.directory_bytes.value) {
                out.add(bytes, {runner.name, directory});
            }
        }
    }
}

constexpr std::array runner_resource_table{
    Metric{.name = "paws_runner_cpu_seconds_total",
           .kind = Kind::counter,
           .unit = "seconds",
           .labels = "runner",
           .help = "CPU time of the unit's processes since it was started (cpu.stat).",
           .absent = no_cgroup,
           .fill = cgroup<&Cgroup::cpu_seconds>},
    Metric{.name = "paws_runner_memory_bytes",
           .unit = "bytes",
           .labels = "runner",
           .help = "Memory of the unit with its page cache (memory.current).",
           .absent =
               "an empty unit, no cgroup v2, or the memory controller is not enabled for the unit",
           .fill = cgroup<&Cgroup::memory_bytes>},
    Metric{.name = "paws_runner_memory_peak_bytes",
           .unit = "bytes",
           .labels = "runner",
           .help = "Highest memory of the unit since it was started (memory.peak).",
           .absent = "an empty unit or none, no cgroup v2, kernels before 5.19 (no memory.peak)",
           .fill = cgroup<&Cgroup::memory_peak_bytes>},
    Metric{.name = "paws_runner_io_read_bytes_total",
           .kind = Kind::counter,
           .unit = "bytes",
           .labels = "runner",
           .help = "Bytes that the unit read from block devices (io.stat).",
           .absent =
               "an empty unit, no cgroup v2, or the io controller is not enabled for the unit "
               "(IOAccounting=yes enables it)",
           .fill = cgroup<&Cgroup::io_read_bytes>},
    Metric{.name = "paws_runner_io_written_bytes_total",
           .kind = Kind::counter,
           .unit = "bytes",
           .labels = "runner",
           .help = "Bytes that the unit wrote to block devices (io.stat).",
           .absent =
               "an empty unit, no cgroup v2, or the io controller is not enabled for the unit "
               "(IOAccounting=yes enables it)",
           .fill = cgroup<&Cgroup::io_written_bytes>},
    Metric{.name = "paws_runner_pids",
           .labels = "runner",
           .help = "Tasks, threads included, of the unit (pids.current).",
           .absent =
               "an empty unit or none, no cgroup v2, or the pids controller is not enabled for it",
           .fill = cgroup<&Cgroup::pids>},
    Metric{.name = "paws_runner_oom_kills_total",
           .kind = Kind::counter,
           .labels = "runner",
           .help = "Processes of the unit that the kernel killed for want of memory "
                   "(memory.events).",
           .absent =
               "an empty unit, no cgroup v2, or the memory controller is not enabled for the unit",
           .fill = cgroup<&Cgroup::oom_kills>},
    Metric{
        .name = "paws_runner_pressure_seconds_total",
        .kind = Kind::counter,
        .unit = "seconds",
        .labels = "runner,resource,kind",
        .help = "Time in which some or all tasks of the unit waited for the resource.",
        .absent =
            "an empty unit or none, no cgroup v2, or a kernel without PSI (or booted with psi=0)",
        .fill = pressure},
    Metric{.name = "paws_runner_processes",
           .labels = "runner,process",
           .help = "Processes of the unit by their part in the runner; orphan_worker is a "
                   "worker whose listener is gone.",
           .absent = "the unit has no processes, or /proc is mounted with hidepid",
           .fill = processes},
    Metric{.name = "paws_runner_directory_bytes",
           .unit = "bytes",
           .labels = "runner,directory",
           .help = "What the runner's directories hold on disk; measured every ten minutes.",
           .absent = "the directory cannot be read, or was not measured yet",
           .fill = directories},
};

}  // namespace

std::span<const Metric> runner_resource_metrics() {
    return runner_resource_table;
}

}  // namespace paws::exporter
