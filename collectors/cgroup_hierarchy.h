// Cgroup hierarchy: where this host keeps the cgroups that systemd names: one tree (v2), v1 trees
// beside a v2 tree without controllers (hybrid), or v1 trees alone (systemd:
// docs/CGROUP_DELEGATION).

#pragma once

#include "core/result.h"
#include "platform/root_fs.h"

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace paws::collectors {

// One cgroup: its directory below the root file system and the inode of it, which is its id.
struct CgroupDirectory {
    std::string path;  // "sys/fs/cgroup/system.slice/x.service"
    std::uint64_t id = 0;
};

class CgroupHierarchy {
public:
    explicit CgroupHierarchy(platform::RootFs root);

    // `control_group` as systemd names it. Empty where the host has no such tree.
    std::string v2(std::string_view control_group) const;
    std::string v1(std::string_view controller, std::string_view control_group) const;

    // The cgroup in the tree whose ids sockets carry; Errc::absent when it or the tree is not
    // there.
    Result<CgroupDirectory> find(std::string_view control_group) const;

    // It and the cgroups below it, at most `subtree_limit`.
    Result<std::vector<CgroupDirectory>> subtree(std::string_view control_group) const;
    // The processes of all of them, ascending.
    Result<std::vector<int>> pids(std::string_view control_group) const;

    static constexpr std::size_t subtree_limit = 256;

private:
    Result<std::vector<CgroupDirectory>> walk(const std::string& top) const;
    void open_children(const std::string& path, std::vector<std::string>& open) const;

    platform::RootFs root_;
    std::string v2_;       // "sys/fs/cgroup", "sys/fs/cgroup/unified" or empty
    std::string systemd_;  // v1 tree without controller, where systemd keeps its units; or empty
};

// Words of the config or the bus become paths here: absolute, and nothing that climbs.
bool is_control_group(std::string_view control_group);

}  // namespace paws::collectors
