#include "collectors/all.h"

#include "collectors/cgroup.h"
#include "collectors/directory_sizes.h"
#include "collectors/disk.h"
#include "collectors/github_api.h"
#include "collectors/github_jobs.h"
#include "collectors/journal.h"
#include "collectors/kernel_file.h"
#include "collectors/load.h"
#include "collectors/memory.h"
#include "collectors/network.h"
#include "collectors/oom.h"
#include "collectors/pressure.h"
#include "collectors/proc_stat.h"
#include "collectors/processes.h"
#include "collectors/reach.h"
#include "collectors/runner_files.h"
#include "collectors/runner_trace.h"
#include "collectors/sockets.h"
#include "collectors/units.h"
#include "platform/adjtimex.h"

#include <cstdint>
#include <utility>

namespace paws::collectors {

namespace {

template <class T>
Source kernel_file(const platform::RootFs& root, const typename KernelFile<T>::Source& source) {
    return {"kernel", std::make_unique<KernelFile<T>>(root, source)};
}

FilesystemSettings filesystem_settings(const Options& options) {
    FilesystemSettings settings;
    settings.exclude_mountpoints = options.exclude_mountpoints;
    settings.exclude_fstypes = options.exclude_fstypes;
    settings.usage = options.usage;
    settings.handed = options.handed;
    return settings;
}

void add_host(const Options& options, std::vector<Source>& sources) {
    const auto& root = options.root;
    const auto proc_stat = std::make_shared<ProcStatFile>(root);
    sources.push_back({"kernel", std::make_unique<CpuCollector>(proc_stat)});
    sources.push_back({"kernel", std::make_unique<BootCollector>(proc_stat)});
    sources.push_back(
        kernel_file<LoadAverage>(root, {"load", "proc/loadavg", parse_load, &Host::load}));
    sources.push_back(
        kernel_file<Memory>(root, {"memory", "proc/meminfo", parse_memory, &Host::memory}));
    sources.push_back({"kernel", std::make_unique<PressureCollector>(root)});
    sources.push_back(kernel_file<std::vector<Disk>>(
        root, {"disk", "proc/diskstats", parse_disks, &Host::disks, Presence::optional}));
    sources.push_back(kernel_file<std::vector<NetworkDevice>>(
        root, {"network", "proc/net/dev", parse_network, &Host::network, Presence::optional}));
    sources.push_back(kernel_file<std::uint64_t>(
        root, {"oom", "proc/vmstat", parse_oom_kills, &Host::oom_kills, Presence::optional}));
    sources.push_back(
        {"kernel",
         std::make_unique<ClockCollector>(options.clock ? options.clock : platform::clock_sync)});
    sources.push_back(
        {"filesystem", std::make_unique<FilesystemCollector>(root, filesystem_settings(options))});
}

// What looks at the runners that others found.
void add_runners(const Options& options, std::vector<Source>& sources) {
    sources.push_back({"bus", std::make_unique<UnitsCollector>(options)});
    const auto& root = options.root;
    const platform::RunnerDirectories directories{root, options.handed};
    sources.push_back({"kernel", std::make_unique<CgroupCollector>(root)});
    sources.push_back({"kernel", std::make_unique<ProcessesCollector>(root)});
    sources.push_back({"kernel", std::make_unique<SocketsCollector>(root)});
    sources.push_back({"journal", std::make_unique<JournalCollector>(options)});
    sources.push_back({"files", std::make_unique<RunnerFilesCollector>(directories)});
    sources.push_back({"files", std::make_unique<RunnerTraceCollector>(directories)});
    sources.push_back({"sizes", std::make_unique<DirectorySizesCollector>(directories)});
    sources.push_back(
        {"kernel", std::make_unique<ReachCollector>(platform::exchange, options.now)});
    if (options.github.enabled()) {
        sources.push_back({"kernel",
                           std::make_unique<GithubApiCollector>(
                               options.github, platform::exchange, options.now)});
    }
    if (options.github.enabled() && options.github.jobs) {
        sources.push_back({"kernel",
                           std::make_unique<GithubJobsCollector>(
                               options.github, platform::exchange, options.now)});
    }
}

}  // namespace

std::vector<Source> all(const Options& options) {
    std::vector<Source> sources;
    add_host(options, sources);
    add_runners(options, sources);
    return sources;
}

}  // namespace paws::collectors
