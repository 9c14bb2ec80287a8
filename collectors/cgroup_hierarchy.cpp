#include "collectors/cgroup_hierarchy.h"

#include "core/text.h"
#include "platform/small_file.h"

#include <algorithm>
#include <optional>

namespace paws::collectors {

namespace {

constexpr std::string_view mounted_at = "sys/fs/cgroup";

bool is_there(const platform::RootFs& root, const std::string& directory) {
    return platform::directory_status(root, directory).has_value();
}

void append_pids(std::string_view text, std::vector<int>& pids) {
    while (!text.empty()) {
        // 0 stands for a process outside of our pid namespace.
        if (const auto pid = parse_integer<int>(take_until(text, '\n')); pid && *pid > 0) {
            pids.push_back(*pid);
        }
    }
}

Error no_such(std::string_view control_group) {
    return {Errc::absent, "cgroup " + printable(control_group) + ": is not there"};
}

}  // namespace

bool is_control_group(std::string_view control_group) {
    return control_group.starts_with('/') && control_group.size() > 1 &&
           control_group.find("/../") == std::string_view::npos &&
           !control_group.ends_with("/..") && control_group.find('\0') == std::string_view::npos;
}

CgroupHierarchy::CgroupHierarchy(platform::RootFs root) : root_{std::move(root)} {
    const std::string top{mounted_at};
    for (const auto& tree : {top, top + "/unified"}) {
        if (v2_.empty() && root_.read(tree + "/cgroup.controllers")) {
            v2_ = tree;
        }
    }
    if (v2_ != top && is_there(root_, top + "/systemd")) {
        systemd_ = top + "/systemd";
    }
}

std::string CgroupHierarchy::v2(std::string_view control_group) const {
    return v2_.empty() ? std::string{} : v2_ + std::string{control_group};
}

std::string CgroupHierarchy::v1(std::string_view controller, std::string_view control_group) const {
    if (v2_ == mounted_at) {
        return {};
    }
    return std::string{mounted_at} + "/" + std::string{controller} + std::string{control_group};
}

Result<CgroupDirectory> CgroupHierarchy::find(std::string_view control_group) const {
    if (v2_.empty() || !is_control_group(control_group)) {
        return no_such(control_group);
    }
    auto path = v2(control_group);
    const auto status = platform::directory_status(root_, path);
    if (!status) {
        return status.error();
    }
    return CgroupDirectory{.path = std::move(path), .id = status->inode};
}

void CgroupHierarchy::open_children(const std::string& path, std::vector<std::string>& open) const {
    const auto names = root_.list(path);
    if (!names) {
        return;
    }
    for (const auto& name : *names) {
        auto below = path;
        below.append("/").append(name);
        if (open.size() < subtree_limit && is_there(root_, below)) {
            open.push_back(below);
        }
    }
}

Result<std::vector<CgroupDirectory>> CgroupHierarchy::walk(const std::string& top) const {
    std::vector<CgroupDirectory> found;
    std::vector<std::string> open{top};
    while (!open.empty() && found.size() < subtree_limit) {
        const auto path = std::move(open.back());
        open.pop_back();
        const auto status = platform::directory_status(root_, path);
        if (!status && found.empty()) {
            return status.error();
        }
        if (!status) {
            continue;  // gone since its parent was listed
        }
        found.push_back({.path = path, .id = status->inode});
        if (status->may_have_children) {
            open_children(path, open);
        }
    }
    return found;
}

Result<std::vector<CgroupDirectory>> CgroupHierarchy::subtree(
    std::string_view control_group) const {
    if (v2_.empty() || !is_control_group(control_group)) {
        return no_such(control_group);
    }
    return walk(v2(control_group));
}

Result<std::vector<int>> CgroupHierarchy::pids(std::string_view control_group) const {
    if (!is_control_group(control_group) || (v2_.empty() && systemd_.empty())) {
        return no_such(control_group);
    }
    auto groups = walk(v2_.empty() ? systemd_ + std::string{control_group} : v2(control_group));
    if (!groups && !v2_.empty() && !systemd_.empty()) {
        groups = walk(systemd_ + std::string{control_group});
    }
    if (!groups) {
        return groups.error();
    }
    std::vector<int> pids;
    for (const auto& group : *groups) {
        const auto text = root_.read(group.path + "/cgroup.procs");
        if (text) {
            append_pids(*text, pids);
        } else if (text.error().code == Errc::denied) {
            return text.error();
        }
    }
    std::ranges::sort(pids);
    pids.erase(std::unique(pids.begin(), pids.end()), pids.end());
    return pids;
}

}  // namespace paws::collectors
