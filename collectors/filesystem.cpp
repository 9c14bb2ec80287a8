#include "collectors/filesystem.h"

#include "collectors/kernel_file.h"
#include "core/text.h"
#include "platform/statvfs.h"

#include <algorithm>
#include <iterator>
#include <set>

namespace paws::collectors {

namespace {

constexpr std::string_view init_mounts = "proc/1/mountinfo";
constexpr std::string_view own_mounts = "proc/self/mountinfo";

// A path to a local file system below a network mount leads through the network mount.
bool leads_through_remote(const Mount& mount, const std::vector<Mount>& mounts) {
    return std::ranges::any_of(mounts, [&](const Mount& other) {
        return is_remote(other.fstype) && is_within(mount.mountpoint, other.mountpoint);
    });
}

Filesystem described(const Mount& mount, bool read_only) {
    constexpr std::size_t longest_path = 4096;
    return {.mountpoint = printable(mount.mountpoint, longest_path),
            .device = printable(mount.source),
            .fstype = printable(mount.fstype, 64),
            .read_only = read_only,
            .usage = std::nullopt,
            .error = {},
            .hidden = false};
}

}  // namespace

FilesystemCollector::FilesystemCollector(platform::RootFs root, FilesystemSettings settings)
    : root_{std::move(root)}, settings_{std::move(settings)} {
    if (!settings_.usage) {
        settings_.usage = [root = root_](const std::string& mountpoint) {
            return platform::filesystem_usage(root, mountpoint);
        };
    }
}

std::vector<FilesystemCollector::Watched> FilesystemCollector::watched(
    const std::vector<Mount>& mounts, bool of_init) const {
    std::vector<Watched> chosen;
    std::set<std::string> shown;  // two mountpoints may differ only in what cannot be shown
    constexpr std::string_view deleted = "//deleted";  // no path leads there any more
    for (const auto& mount : mounts) {
        if (is_excluded(mount.mountpoint, settings_.exclude_mountpoints) ||
            std::ranges::find(settings_.exclude_fstypes, mount.fstype) !=
                settings_.exclude_fstypes.end() ||
            is_private_fuse(mount) || mount.mountpoint.ends_with(deleted) ||
            !shown.insert(printable(mount.mountpoint, 4096)).second) {
            continue;
        }
        // A sandbox makes its own mounts read-only; those of init are what the jobs get.
        const bool read_only = has_option(mount.superblock_options, "ro") ||
                               (of_init && has_option(mount.options, "ro"));
        chosen.push_back({.mount = mount,
                          .remote = leads_through_remote(mount, mounts),
                          .read_only = read_only,
                          .hidden = {}});
    }
    return chosen;
}

// Inside a sandbox another file system may stand where init has this one; its space would be told
// in this one's name.
void FilesystemCollector::hide_what_is_elsewhere(std::string_view own_text) {
    const auto own = parse_mounts(own_text);
    if (!own) {
        return;
    }
    std::map<std::string, std::string> own_devices;
    for (const auto& mount : on_top(*own)) {
        own_devices.emplace(mount.mountpoint, mount.device_number);
    }
    for (auto& each : mounts_) {
        const auto found = own_devices.find(each.mount.mountpoint);
        if (found == own_devices.end() || found->second != each.mount.device_number) {
            each.hidden = "the agent's sandbox hides this mount from it";
        }
    }
}

Result<void> FilesystemCollector::look_at_mounts() {
    auto text = root_.read(init_mounts);
    const bool of_init = text.has_value();
    if (!of_init) {
        text = root_.read(own_mounts);
    }
    if (!text) {  // every kernel has it: without it there is no proc
        return text.error().code == Errc::absent ? Error{Errc::unavailable, text.error().what}
                                                 : text.error();
    }
    if (text_ == *text) {
        return {};
    }
    const auto mounts = parse_mounts(*text);
    if (!mounts) {
        text_.reset();
        return in_file(root_, of_init ? init_mounts : own_mounts, mounts.error());
    }
    mounts_ = watched(on_top(*mounts), of_init);
    // Below another root `self` is no view of ours.
    if (const auto own = root_.read(own_mounts);
        of_init && root_.path() == "/" && own && *own != *text) {
        hide_what_is_elsewhere(*own);
    }
    text_ = *std::move(text);
    return {};
}

// Forgets the stragglers of mounts that are gone, but not those that still wait for an answer: they
// cost a thread and count against the limit.
void FilesystemCollector::start_stragglers() {
    std::set<Key> wanted;
    for (const auto& each : mounts_) {
        if (each.remote && each.hidden.empty()) {
            wanted.emplace(each.mount.id, each.mount.mountpoint);
        }
    }
    std::erase_if(stragglers_, [&](const auto& entry) {
        return !wanted.contains(entry.first) && !entry.second.outstanding();
    });
    for (const auto& key : wanted) {
        if (!stragglers_.contains(key) && stragglers_.size() >= straggler_limit) {
            continue;
        }
        auto& straggler =
            stragglers_
                .try_emplace(key,
                             "statvfs",
                             [ask = settings_.usage, path = key.second] { return ask(path); })
                .first->second;
        // One that is still out says so when its answer is asked for.
        static_cast<void>(straggler.start());
    }
}

Result<FilesystemUsage> FilesystemCollector::ask(const Watched& watched,
                                                 Straggler::Deadline deadline) {
    if (!watched.hidden.empty()) {
        return Error{Errc::unavailable, watched.hidden};
    }
    if (!watched.remote) {
        auto usage = settings_.usage(watched.mount.mountpoint);
        const bool closed = !usage && usage.error().code == Errc::denied && settings_.handed;
        const auto space =
            closed ? settings_.handed->space_on(watched.mount.device_number) : std::nullopt;
        return space ? *space : usage;
    }
    const auto found = stragglers_.find({watched.mount.id, watched.mount.mountpoint});
    if (found == stragglers_.end()) {
        return Error{Errc::unavailable,
                     "not asked: the agent asks at most " + std::to_string(straggler_limit) +
                         " network and FUSE mounts"};
    }
    auto usage = found->second.wait(deadline);
    if (!usage && usage.error().code == Errc::timeout) {
        return Error{Errc::timeout,
                     "does not answer statvfs: its server or its FUSE process hangs or is gone; "
                     "restore it, or detach the mount with umount -l"};
    }
    return usage;
}

Result<Fill> FilesystemCollector::collect(const Facts& /*seen*/, const Now& now) {
    if (const auto looked = look_at_mounts(); !looked) {
        return looked.error();
    }
    start_stragglers();
    const auto deadline = platform::deadline_in(settings_.patience);
    std::vector<Filesystem> filesystems;
    for (const auto& each : mounts_) {
        auto filesystem = described(each.mount, each.read_only);
        filesystem.hidden = !each.hidden.empty();
        const auto usage = ask(each, deadline);
        if (usage && usage->size_bytes == 0) {
            continue;  // no blocks: there is no space to watch
        }
        if (usage) {
            filesystem.usage = *usage;
        } else {
            filesystem.error = usage.error().what;
        }
        filesystems.push_back(std::move(filesystem));
    }
    return Fill{[filesystems = std::move(filesystems), now](Facts& draft) mutable {
        draft.host.filesystems = {std::move(filesystems), now};
    }};
}

}  // namespace paws::collectors
