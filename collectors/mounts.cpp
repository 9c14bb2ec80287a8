#include "collectors/mounts.h"

#include "core/text.h"

#include <algorithm>
#include <array>
#include <cstddef>
#include <map>
#include <optional>
#include <utility>

namespace paws::collectors {

namespace {

// Blanks, backslashes and '#' stand as three octal digits.
std::string unescape(std::string_view text) {
    std::string plain;
    while (!text.empty()) {
        const auto code = text.front() == '\\' ? text.substr(1, 3) : std::string_view{};
        const auto byte = code.size() == 3 ? parse_integer<unsigned char>(code, 8) : std::nullopt;
        plain += byte ? static_cast<char>(*byte) : text.front();
        text.remove_prefix(byte ? 4 : 1);
    }
    return plain;
}

// "36 35 98:0 /root /mountpoint options [optional...] - fstype source superblock_options".
// Fields are split at single blanks, since a source may be empty.
std::optional<Mount> parse_mount(std::string_view line) {
    constexpr std::string_view separator = " - ";
    const auto middle = line.find(separator);
    if (middle == std::string_view::npos) {
        return std::nullopt;
    }
    auto tail = line.substr(middle + separator.size());
    const auto id = parse_integer<int>(take_until(line, ' '));
    const auto parent = parse_integer<int>(take_until(line, ' '));
    Mount mount;
    mount.device_number = take_until(line, ' ');
    take_until(line, ' ');
    mount.mountpoint = unescape(take_until(line, ' '));
    mount.options = take_until(line, ' ');
    mount.fstype = unescape(take_until(tail, ' '));
    mount.source = unescape(take_until(tail, ' '));
    mount.superblock_options = take_until(tail, ' ');
    if (!id || !parent || !mount.mountpoint.starts_with('/') || mount.fstype.empty()) {
        return std::nullopt;
    }
    mount.id = *id;
    mount.parent = *parent;
    return mount;
}

using ById = std::map<int, const Mount*>;
using ByMountpoint = std::map<std::string_view, const Mount*>;

// The mount that a path to `mountpoint` comes through last; null for "/".
const Mount* enclosing(const ByMountpoint& top, std::string_view mountpoint) {
    while (mountpoint.size() > 1) {
        const auto slash = mountpoint.rfind('/');
        mountpoint = mountpoint.substr(0, slash == 0 ? 1 : slash);
        if (const auto found = top.find(mountpoint); found != top.end()) {
            return found->second;
        }
    }
    return nullptr;
}

// The mount below the stack at the mountpoint of `mount`; null when it is not in the table.
const Mount* standing_on(const ById& listed, const Mount& mount) {
    const auto* ground = &mount;
    for (std::size_t steps = 0; steps < listed.size(); ++steps) {
        const auto found = listed.find(ground->parent);
        if (found == listed.end()) {
            return nullptr;
        }
        ground = found->second;
        if (ground->mountpoint != mount.mountpoint) {
            return ground;
        }
    }
    return nullptr;  // the first mount of all is its own parent
}

}  // namespace

Result<std::vector<Mount>> parse_mounts(std::string_view text) {
    std::vector<Mount> mounts;
    while (!text.empty()) {
        const auto line = take_until(text, '\n');
        auto mount = parse_mount(line);
        if (!mount) {
            return Error{Errc::malformed, "'" + printable(line, 48) + "' is not a mount"};
        }
        mounts.push_back(*std::move(mount));
    }
    if (mounts.empty()) {
        return Error{Errc::malformed, "has no mount"};
    }
    return mounts;
}

std::vector<Mount> on_top(const std::vector<Mount>& mounts) {
    ById listed;
    ByMountpoint top;
    for (const auto& mount : mounts) {
        listed.emplace(mount.id, &mount);
        // Listed later is on top, unless a mount that was moved here already stands on this one.
        auto& place = top[mount.mountpoint];
        if (place == nullptr || place->parent != mount.id) {
            place = &mount;
        }
    }
    std::vector<Mount> reachable;
    for (const auto& [mountpoint, mount] : top) {
        const auto* around = enclosing(top, mountpoint);
        const auto* ground = standing_on(listed, *mount);
        if (around == nullptr || ground == nullptr || around == ground) {
            reachable.push_back(*mount);
        }
    }
    return reachable;
}

bool has_option(std::string_view options, std::string_view option) {
    while (!options.empty()) {
        if (take_until(options, ',') == option) {
            return true;
        }
    }
    return false;
}

bool is_remote(std::string_view fstype) {
    static constexpr std::array<std::string_view, 20> kinds{
        "9p",      "acfs",  "afs",       "beegfs", "ceph",   "cifs",    "coda",
        "fuseblk", "gfs2",  "glusterfs", "gpfs",   "lustre", "ncpfs",   "nfs",
        "nfs4",    "ocfs2", "orangefs",  "smb3",   "smbfs",  "virtiofs"};
    return fstype == "fuse" || fstype.starts_with("fuse.") ||
           std::ranges::find(kinds, fstype) != kinds.end();
}

bool is_private_fuse(const Mount& mount) {
    const bool fuse = mount.fstype == "fuse" || mount.fstype.starts_with("fuse.");
    return fuse && !has_option(mount.superblock_options, "user_id=0") &&
           !has_option(mount.superblock_options, "allow_other");
}

bool is_within(std::string_view path, std::string_view directory) {
    return path.starts_with(directory) &&
           (path.size() == directory.size() || directory.ends_with('/') ||
            path[directory.size()] == '/');
}

bool is_excluded(std::string_view mountpoint, const std::vector<std::string>& directories) {
    return std::ranges::any_of(
        directories, [&](const auto& directory) { return is_within(mountpoint, directory); });
}

std::vector<std::string> default_excluded_mountpoints() {
    return {"/dev",
            "/proc",
            "/run/credentials/",
            "/sys",
            "/var/lib/containers/storage/",
            "/var/lib/docker/"};
}

std::vector<std::string> default_excluded_fstypes() {
    return {"autofs",      "binfmt_misc", "bpf",       "cgroup",   "cgroup2",         "configfs",
            "debugfs",     "devpts",      "devtmpfs",  "efivarfs", "fuse.gvfsd-fuse", "fuse.lxcfs",
            "fuse.portal", "fusectl",     "hugetlbfs", "iso9660",  "mqueue",          "nsfs",
            "overlay",     "proc",        "procfs",    "pstore",   "rpc_pipefs",      "securityfs",
            "selinuxfs",   "squashfs",    "sysfs",     "tracefs"};
}

}  // namespace paws::collectors
