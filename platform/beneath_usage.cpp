#include "platform/beneath_usage.h"

#include <algorithm>
#include <cerrno>
#include <utility>

#include <fcntl.h>

namespace paws::platform {

namespace {

using Steady = std::chrono::steady_clock;

constexpr std::uint64_t block_bytes = 512;         // of st_blocks (inode(7))
constexpr std::size_t entries_between_looks = 64;  // at the clock

std::size_t bytes_of(const std::string& name) {
    return sizeof(std::string) + name.size();
}

bool is_inode(const UniqueFd& directory, std::uint64_t inode, std::uint64_t device) {
    struct stat found {};
    return directory && ::fstat(directory.get(), &found) == 0 && found.st_ino == inode &&
           found.st_dev == device;
}

}  // namespace

// A file with several names counts at its first; beyond the memory for that, each name a share.
void BeneathUsage::add(const struct stat& found, const std::string& name) {
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
    const bool at_top = levels_.size() <= 1;
    const auto& top = at_top ? name : levels_[1].name;
    if (std::ranges::find(apart_, top) != apart_.end() && (!at_top || S_ISDIR(found.st_mode))) {
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
    return enter(".", *std::move(directory));
}

Error BeneathUsage::unknown(Errc code, const std::string& because) const {
    return {code, top_.path() + ": " + because + "; its size is not known"};
}

// One that is gone, closed to us or another mount by now is passed over.
Result<void> BeneathUsage::pass_over_or_fail(Errc code) const {
    return code == Errc::absent || code == Errc::denied
               ? Result<void>{}
               : unknown(code, "a directory in it cannot be opened");
}

// Bounded in bytes: whoever fills the tree chooses how many names there are, and how long.
Result<void> BeneathUsage::remember(std::size_t bytes) {
    if (waiting_bytes_ + bytes > waiting_limit_bytes) {
        return unknown(Errc::malformed, "has too many directories to remember");
    }
    waiting_bytes_ += bytes;
    return {};
}

Result<void> BeneathUsage::enter(std::string name, UniqueFd directory) {
    struct stat found {};
    UniqueFd entries{::fcntl(directory.get(), F_DUPFD_CLOEXEC, 0)};
    if (!entries || ::fstat(entries.get(), &found) != 0) {
        return unknown(Errc::io, "a directory in it cannot be opened");
    }
    reading_.reset(::fdopendir(entries.get()));
    if (!reading_) {
        return unknown(Errc::io, "a directory in it cannot be read");
    }
    entries.release();  // the stream closes it
    at_ = std::move(directory);
    auto kept = remember(sizeof(Level) + bytes_of(name));
    levels_.push_back({.name = std::move(name), .inode = found.st_ino, .waiting = {}});
    return kept;
}

Result<void> BeneathUsage::read_entry() {
    // NOLINTNEXTLINE(concurrency-mt-unsafe): safe on a stream of one's own (readdir(3))
    const auto* entry = ::readdir(reading_.get());
    if (entry == nullptr) {
        reading_.reset();
        return {};
    }
    std::string name{static_cast<const char*>(entry->d_name)};
    return name == "." || name == ".." ? Result<void>{} : look_at(std::move(name));
}

// Only a directory's device tells of another mount: on an overlay a file has that of its layer.
Result<void> BeneathUsage::look_at(std::string name) {
    struct stat found {};
    const int flags = AT_SYMLINK_NOFOLLOW | AT_NO_AUTOMOUNT;
    if (::fstatat(at_.get(), name.c_str(), &found, flags) != 0) {
        return {};
    }
    const bool directory = S_ISDIR(found.st_mode);
    if (directory && found.st_dev != device_) {
        return {};
    }
    add(found, name);
    if (!directory) {
        return {};
    }
    auto kept = remember(bytes_of(name));
    levels_.back().waiting.push_back(std::move(name));
    return kept;
}

Result<void> BeneathUsage::descend() {
    auto& waiting = levels_.back().waiting;
    auto name = std::move(waiting.back());
    waiting.pop_back();
    waiting_bytes_ -= bytes_of(name);
    auto directory = top_.open_directory(at_, name);
    return directory ? enter(std::move(name), *std::move(directory))
                     : pass_over_or_fail(directory.error().code);
}

// Job code may have moved it in the meantime: ".." leads where we came from, or we go there anew.
Result<void> BeneathUsage::ascend() {
    waiting_bytes_ -= sizeof(Level) + bytes_of(levels_.back().name);
    levels_.pop_back();
    if (levels_.empty()) {
        at_ = {};
        return {};
    }
    if (at_) {
        at_ = UniqueFd{::openat(at_.get(), "..", O_PATH | O_DIRECTORY | O_CLOEXEC)};
    }
    if (is_inode(at_, levels_.back().inode, device_)) {
        return {};
    }
    at_ = {};
    return levels_.back().waiting.empty() ? Result<void>{} : find_again();
}

Result<void> BeneathUsage::find_again() {
    auto& waiting = levels_.back().waiting;
    cost_ = levels_.size();
    auto directory = top_.open_directory(".");
    for (std::size_t at = 1; directory && at < levels_.size(); ++at) {
        directory = top_.open_directory(*directory, levels_[at].name);
    }
    if (directory && is_inode(*directory, levels_.back().inode, device_)) {
        at_ = *std::move(directory);
        return {};
    }
    for (const auto& lost : waiting) {
        waiting_bytes_ -= bytes_of(lost);
    }
    waiting.clear();
    return pass_over_or_fail(directory ? Errc::absent : directory.error().code);
}

Result<void> BeneathUsage::step() {
    cost_ = 1;
    if (reading_) {
        return read_entry();
    }
    return levels_.back().waiting.empty() ? ascend() : descend();
}

Result<bool> BeneathUsage::advance(std::size_t& entries, std::chrono::nanoseconds patience) {
    const auto until = Steady::now() + patience;
    if (!begun_) {
        if (const auto started = begin(); !started) {
            return started.error();
        }
    }
    for (std::size_t since_look = 0; !levels_.empty(); since_look += cost_) {
        if (since_look >= entries_between_looks) {
            since_look = 0;
            if (Steady::now() >= until) {
                return false;
            }
        }
        if (entries == 0) {
            return false;
        }
        if (const auto stepped = step(); !stepped) {
            return stepped.error();
        }
        entries -= std::min(entries, cost_);
    }
    return true;
}

}  // namespace paws::platform
