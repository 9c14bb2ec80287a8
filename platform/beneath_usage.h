// BeneathUsage: what a directory holds on disk, as du(1) counts it, a part of the walk at a time.
// Follows no symlink, enters no other mount, counts a file with several names once, and passes over
// what it may not read. What it could not reach for another reason makes the size unknown: an
// error. Holds at most one directory open between two parts.

#pragma once

#include "core/result.h"
#include "platform/beneath.h"

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

    static constexpr std::size_t waiting_limit_bytes = 4U << 20U;  // paths of directories to visit
    static constexpr std::size_t links_limit = 100'000;  // remembered; more are counted in shares

private:
    struct Close {
        void operator()(DIR* handle) const noexcept { ::closedir(handle); }
    };

    Result<void> begin();
    Result<void> open_next();
    Result<void> read_entry();
    Result<void> look_at(const std::string& name);
    Result<void> visit_later(std::string path);
    Error unknown(Errc code, const std::string& because) const;
    void add(const struct stat& found, const std::string& path);

    Beneath top_;
    std::vector<std::string> apart_;
    std::map<std::string, std::uint64_t> apart_bytes_;
    std::vector<std::string> waiting_;  // directories not read yet, as paths below the top
    std::size_t waiting_bytes_ = 0;     // what those take
    std::unique_ptr<DIR, Close> open_;
    std::string path_;  // of the open one; "." is the top
    std::unordered_set<std::uint64_t> links_;
    std::uint64_t device_ = 0;
    std::uint64_t bytes_ = 0;
    bool begun_ = false;
};

}  // namespace paws::platform
