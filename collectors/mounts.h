// Mounts: the mount table as the kernel tells it (proc_pid_mountinfo(5)).

#pragma once

#include "core/result.h"

#include <string>
#include <string_view>
#include <vector>

namespace paws::collectors {

struct Mount {
    int id = 0;
    int parent = 0;
    std::string device_number;  // "254:0"
    std::string mountpoint;
    std::string options;  // of this mount
    std::string fstype;
    std::string source;
    std::string superblock_options;  // of the file system itself
};

// In the order of the kernel: a mount comes after the one that it is mounted on.
Result<std::vector<Mount>> parse_mounts(std::string_view text);

// The mounts that a path can reach, by mountpoint: of several at one mountpoint the one on top, and
// none that lies under a mount over a directory above it.
std::vector<Mount> on_top(const std::vector<Mount>& mounts);

bool has_option(std::string_view options, std::string_view option);

// A name that reaches a file system through a server or a process: its calls may never return.
bool is_remote(std::string_view fstype);

// Mounted by a user for himself: nobody else, not even root, may look inside (fuse(4),
// allow_other).
bool is_private_fuse(const Mount& mount);

// Whether `path` is `directory` or below it.
bool is_within(std::string_view path, std::string_view directory);

// A directory with all below it; one that ends in '/' means what is below it alone.
bool is_excluded(std::string_view mountpoint, const std::vector<std::string>& directories);

// What node_exporter leaves out by default.
std::vector<std::string> default_excluded_mountpoints();
// What node_exporter leaves out by default, and efivarfs, lxcfs and the portals of desktops.
std::vector<std::string> default_excluded_fstypes();

}  // namespace paws::collectors
