// Host facts: what the kernel says about this machine. Absent is nullopt, never zero.

#pragma once

#include "core/time.h"

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace paws {

// A fact with the moment it was taken. The value outlives a failing source; its age tells.
template <class T>
struct Sourced {
    std::optional<T> value;
    Now taken;
};

// Seconds since boot, summed over all CPUs (proc_stat(5)); guest time is part of user and nice.
struct CpuTimes {
    double user = 0;
    double nice = 0;
    double system = 0;
    double idle = 0;
    double iowait = 0;
    double irq = 0;
    double softirq = 0;
    double steal = 0;
};

struct Cpu {
    CpuTimes times;
    unsigned cpus = 0;  // online
};

struct LoadAverage {
    double one = 0;
    double five = 0;
    double fifteen = 0;
};

struct Memory {
    std::uint64_t total_bytes = 0;
    std::uint64_t available_bytes = 0;
    std::uint64_t swap_total_bytes = 0;
    std::uint64_t swap_free_bytes = 0;
};

// One line of a pressure file (kernel doc: accounting/psi.rst). Averages are in percent.
struct Stall {
    double avg10 = 0;
    double avg60 = 0;
    double avg300 = 0;
    double total_seconds = 0;
};
struct Stalls {
    std::optional<Stall> some;
    std::optional<Stall> full;
};
struct Pressure {
    Stalls cpu;
    Stalls memory;
    Stalls io;
};

struct FilesystemUsage {
    std::uint64_t size_bytes = 0;
    std::uint64_t avail_bytes = 0;  // what a writer without privileges gets
    std::uint64_t files = 0;        // 0: this filesystem has no inode limit
    std::uint64_t files_free = 0;
};

struct Filesystem {
    std::string mountpoint;
    std::string device;
    std::string fstype;
    bool read_only = false;                // superblock option, as seen by PID 1
    std::optional<FilesystemUsage> usage;  // absent when the mount does not answer
    std::string error;                     // why usage is absent
    bool hidden = false;                   // from the agent alone, by its own sandbox
};

// /proc/diskstats (kernel doc: admin-guide/iostats.rst); a sector is 512 bytes.
struct Disk {
    std::string device;
    std::uint64_t reads_completed = 0;
    std::uint64_t read_bytes = 0;
    std::uint64_t writes_completed = 0;
    std::uint64_t written_bytes = 0;
    double io_time_seconds = 0;
};

struct NetworkCounters {
    std::uint64_t bytes = 0;
    std::uint64_t errs = 0;
    std::uint64_t drop = 0;
};
struct NetworkDevice {
    std::string device;
    NetworkCounters receive;
    NetworkCounters transmit;
};

// What the kernel's clock discipline says (adjtimex(2)); its offset stops at half a second.
struct ClockSync {
    bool synchronised = false;
    double offset_seconds = 0;
};

struct Host {
    Sourced<Cpu> cpu;
    Sourced<LoadAverage> load;
    Sourced<Memory> memory;
    Sourced<Pressure> pressure;
    Sourced<std::vector<Filesystem>> filesystems;
    Sourced<std::vector<Disk>> disks;
    Sourced<std::vector<NetworkDevice>> network;
    Sourced<std::uint64_t> oom_kills;  // since boot (/proc/vmstat)
    Sourced<WallTime> boot;
    Sourced<ClockSync> clock;
};

}  // namespace paws
