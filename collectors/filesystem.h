// FilesystemCollector: the space of every mounted file system, without ever waiting on a dead one.
// Local file systems are asked on the collector's own thread, each network or FUSE mount on a
// Straggler of its own.

#pragma once

#include "collectors/collector.h"
#include "collectors/mounts.h"
#include "core/host_facts.h"
#include "platform/root_fs.h"
#include "platform/runner_directories.h"
#include "platform/straggler.h"

#include <chrono>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace paws::collectors {

using AskUsage = std::function<Result<FilesystemUsage>(const std::string& mountpoint)>;

struct FilesystemSettings {
    std::vector<std::string> exclude_mountpoints = default_excluded_mountpoints();
    std::vector<std::string> exclude_fstypes = default_excluded_fstypes();
    AskUsage usage;  // none: statvfs below the root
    // Asked for the space where the agent may not go: the directories opened for it.
    std::shared_ptr<const platform::HandedOver> handed = nullptr;
    std::chrono::milliseconds patience{400};  // for all network and FUSE mounts together
};

// A user may mount FUSE as often as he likes; each that hangs costs a thread.
inline constexpr std::size_t straggler_limit = 64;

class FilesystemCollector final : public Collector {
public:
    FilesystemCollector(platform::RootFs root, FilesystemSettings settings);
    std::string_view name() const override { return "filesystem"; }
    Result<Fill> collect(const Facts& seen, const Now& now) override;

private:
    using Straggler = platform::Straggler<FilesystemUsage>;
    using Key = std::pair<int, std::string>;  // mount id and mountpoint

    // A mount to report, and why it must not be asked when it must not.
    struct Watched {
        Mount mount;
        bool remote = false;
        bool read_only = false;
        std::string hidden;
    };

    Result<void> look_at_mounts();
    std::vector<Watched> watched(const std::vector<Mount>& mounts, bool of_init) const;
    void hide_what_is_elsewhere(std::string_view own_text);
    void start_stragglers();
    Result<FilesystemUsage> ask(const Watched& watched, Straggler::Deadline deadline);

    platform::RootFs root_;
    FilesystemSettings settings_;
    std::optional<std::string> text_;  // what mounts_ was made of
    std::vector<Watched> mounts_;
    std::map<Key, Straggler> stragglers_;
};

}  // namespace paws::collectors
