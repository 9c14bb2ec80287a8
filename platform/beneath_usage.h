// BeneathUsage: what a directory holds on disk, as du(1) counts it, a part of the walk at a time.
// Follows no symlink, enters no other mount, counts a file with several names once, and passes over
// what it may not read. What it could not reach for another reason makes the size unknown: an
// error. Goes from a directory to the next by one step, so that no depth hides what is there or
// makes the walk slow. Holds at most two descriptors between two parts.

#pragma once

#include "core/result.h"
#include "platform/beneath.h"
#include "platform/unique_fd.h"

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <map>
#include <memory>
#include <string>
#include <unordered_set>
#include <vector>

#include <dirent.h>
#include <sys/stat.h>

namespace paws::platform {

class BeneathUsage {
public:
    // `apart`: directories at the top that are also counted each for itself.
    BeneathUsage(Beneath top, std::vector<std::string> apart)
        : top_{std::move(top)}, apart_{std::move(apart)} {}

    // Looks at no more than `entries` things for no longer than `patience`; true when the walk is
    // complete. Takes off `entries` what it looked at.
    Result<bool> advance(std::size_t& entries, std::chrono::nanoseconds patience);

    std::uint64_t bytes() const { return bytes_; }
    // Of those of `apart` that are there.
    const std::map<std::string, std::uint64_t>& apart() const { return apart_bytes_; }

    static constexpr std::size_t waiting_limit_bytes = 4U << 20U;  // names of directories to visit
    static constexpr std::size_t links_limit = 100'000;  // remembered; more are counted in shares

private:
    struct Close {
        void operator()(DIR* handle) const noexcept { ::closedir(handle); }
    };
    struct Level {  // a directory on the way down
        std::string name;
        std::uint64_t inode = 0;
        std::vector<std::string> waiting;  // directories in it that were not read yet
    };

    Result<void> begin();
    Result<void> step();
    Result<void> enter(std::string name, UniqueFd directory);
    Result<void> read_entry();
    Result<void> look_at(std::string name);
    Result<void> descend();
    Result<void> ascend();
    Result<void> find_again();
    Result<void> remember(std::size_t bytes);
    Result<void> pass_over_or_fail(Errc code) const;
    Error unknown(Errc code, const std::string& because) const;
    void add(const struct stat& found, const std::string& name);

    Beneath top_;
    std::vector<std::string> apart_;
    std::map<std::string, std::uint64_t> apart_bytes_;
    std::vector<Level> levels_;            // from the top to where the walk is
    UniqueFd at_;                          // the last of them; none: it is to be found again
    std::unique_ptr<DIR, Close> reading_;  // its entries, until all are read
    std::size_t waiting_bytes_ = 0;        // what the names of `levels_` take
    std::size_t cost_ = 0;                 // of the last step, in entries
    std::unordered_set<std::uint64_t> links_;
    std::uint64_t device_ = 0;
    std::uint64_t bytes_ = 0;
    bool begun_ = false;
};

}  // namespace paws::platform
