// RunnerDirectories: how the directories of runners are opened: by their path, and where that leads
// through a directory that is closed to the agent's user (a 0700 home), by a descriptor that the
// privileged action paws-open@ has handed over. Through such a descriptor the agent looks with its
// own rights: what the modes of the directory itself and of files in it forbid stays forbidden.

#pragma once

#include "core/result.h"
#include "platform/beneath.h"
#include "platform/root_fs.h"
#include "platform/unique_fd.h"

#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace paws::platform {

enum class RunnerPart { root, diag, work };

// "root", "diag", "work"
std::string_view to_string(RunnerPart part);
std::optional<RunnerPart> runner_part(std::string_view word);
// Where it is in a runner that is installed at `root`.
std::string part_path(const std::string& root, RunnerPart part);

// Whether a descriptor that the kernel shows at `shown` may still be the directory `wanted`. It may
// be shown by the end of its path alone: the action's own view of the mounts ended with it.
bool may_be_at(std::string_view shown, std::string_view wanted);

// What was handed over. Safe for concurrent access.
class HandedOver {
public:
    void put(const std::string& runner, RunnerPart part, UniqueFd directory);
    void drop(const std::string& runner);
    std::vector<std::string> runners() const;

    // Nothing when there is none, or when that directory is no longer at `path`: it was moved or
    // removed, and what is there now is another.
    std::optional<Beneath> find(const std::string& runner,
                                RunnerPart part,
                                const std::string& path) const;

    // The space of the filesystem on a device ("8:1", as mountinfo names it), by a directory there.
    std::optional<FilesystemUsage> space_on(std::string_view device) const;

private:
    using Key = std::pair<std::string, RunnerPart>;

    std::vector<std::shared_ptr<const UniqueFd>> all() const;

    mutable std::mutex mutex_;
    std::map<Key, std::shared_ptr<const UniqueFd>> directories_;
};

class RunnerDirectories {
public:
    // NOLINTNEXTLINE(google-explicit-constructor): a root is one, with nothing handed over
    RunnerDirectories(RootFs root, std::shared_ptr<const HandedOver> handed = nullptr)
        : root_{std::move(root)}, handed_{std::move(handed)} {}

    // The error is that of the path.
    Result<Beneath> open(const std::string& runner, const std::string& root, RunnerPart part) const;

    const RootFs& fs() const { return root_; }

private:
    Result<Beneath> by_path(const std::string& root, RunnerPart part) const;

    RootFs root_;
    std::shared_ptr<const HandedOver> handed_;
};

}  // namespace paws::platform
