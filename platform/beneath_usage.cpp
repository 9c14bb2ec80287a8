#include "platform/beneath_usage.h"

#include <algorithm>
#include <cerrno>
#include <climits>
#include <utility>

#include <fcntl.h>

namespace paws::platform {

namespace {

using Steady = std::chrono::steady_clock;

constexpr std::uint64_t block_bytes = 512;         // of st_blocks (inode(7))
constexpr std::size_t entries_between_looks = 64;  // at the clock

// Without the room to grow that operator+ leaves.
std::string join(const std::string& directory, const std::string& name) {
    std::string path;
    path.reserve(directory.size() + 1 + name.size());
    return path.append(directory).append("/").append(name);
}

std::size_t bytes_of(const std::string& path) {
    return sizeof(std::string) + path.size();
}

}  // namespace

// A file with several names counts at its first; beyond the memory for that, each name a share.
void BeneathUsage::add(const struct stat& found, const std::string& path) {
    auto bytes = static_cast<std::uint64_t>(found.st_blocks) * block_bytes;
    if (!S_ISDIR(found.st_mode) && found.st_nlink > 1) {
        if (links_.contains(found.st_ino)) {
            return;
        }
        if (links_.size() < links_limit) {
            links_.insert(found.st_ino);
        } else {
            bytes /= found.st_nlink;
        }
    }
    bytes_ += bytes;
    const auto top = path.substr(0, path.find('/'));
    if (std::ranges::find(apart_, top) != apart_.end() && (path != top || S_ISDIR(found.st_mode))) {
        apart_bytes_[top] += bytes;
    }
}

Result<void> BeneathUsage::begin() {
    auto directory = top_.open_directory(".");
    struct stat found {};
    if (!directory || ::fstat(directory->get(), &found) != 0) {
        return directory ? system_error(errno, top_.path()) : directory.error();
    }
    begun_ = true;
    device_ = found.st_dev;
    add(found, ".");
    return visit_later(".");
}

Error BeneathUsage::unknown(Errc code, const std::string& because) const {
    return {code, top_.path() + ": " + because + "; its size is not known"};
}

// Bounded in bytes: whoever fills the tree chooses how long its paths are.
Result<void> BeneathUsage::visit_later(std::string path) {
    if (path.size() >= PATH_MAX) {
        return unknown(Errc::malformed, "a directory in it is deeper than a path can be long");
    }
    if (waiting_bytes_ + bytes_of(path) > waiting_limit_bytes) {
        return unknown(Errc::malformed, "has too many directories to remember");
    }
    waiting_bytes_ += bytes_of(path);
    waiting_.push_back(std::move(path));
    return {};
}

// One that is gone, closed to us or another mount by now is passed over.
Result<void> BeneathUsage::open_next() {
    waiting_bytes_ -= bytes_of(waiting_.back());
    path_ = std::move(waiting_.back());
    waiting_.pop_back();
    auto directory = top_.open_directory(path_);
    if (!directory && path_ == ".") {
        return directory.error();
    }
    if (!directory) {
        const auto code = directory.error().code;
        return code == Errc::absent || code == Errc::denied
                   ? Result<void>{}
                   : unknown(code, "a directory in it cannot be opened");
    }
    open_.reset(::fdopendir(directory->get()));
    if (open_) {
        directory->release();
    }
    return {};
}

Result<void> BeneathUsage::look_at(const std::string& name) {
    struct stat found {};
    const int flags = AT_SYMLINK_NOFOLLOW | AT_NO_AUTOMOUNT;
    if (::fstatat(::dirfd(open_.get()), name.c_str(), &found, flags) != 0 ||
        found.st_dev != device_) {
        return {};
    }
    auto path = path_ == "." ? name : join(path_, name);
    add(found, path);
    return S_ISDIR(found.st_mode) ? visit_later(std::move(path)) : Result<void>{};
}

Result<bool> BeneathUsage::advance(std::size_t& entries, std::chrono::nanoseconds patience) {
    const auto until = Steady::now() + patience;
    if (!begun_) {
        if (const auto started = begin(); !started) {
            return started.error();
        }
    }
    while (open_ || !waiting_.empty()) {
        if (entries == 0 || (entries % entries_between_looks == 0 && Steady::now() >= until)) {
            return false;
        }
        --entries;
        if (const auto stepped = open_ ? read_entry() : open_next(); !stepped) {
            return stepped.error();
        }
    }
    return true;
}

Result<void> BeneathUsage::read_entry() {
    // NOLINTNEXTLINE(concurrency-mt-unsafe): safe on a stream of one's own (readdir(3))
    const auto* entry = ::readdir(open_.get());
    if (entry == nullptr) {
        open_.reset();
        return {};
    }
    const std::string name{static_cast<const char*>(entry->d_name)};
    return name == "." || name == ".." ? Result<void>{} : look_at(name);
}

}  // namespace paws::platform
