#include "collectors/tail.h"

#include <algorithm>

namespace paws::collectors {

namespace {

constexpr std::size_t chunk_size = std::size_t{64} << 10U;

}  // namespace

// Where to read next; in the middle of a file the first line has no beginning.
void Tail::place(const platform::FileStatus& file) {
    const auto size = file.size_bytes;
    const bool same = inode_ == file.inode && device_ == file.device && size >= offset_;
    if (same && size - offset_ <= longest_lag) {
        return;
    }
    inode_ = file.inode;
    device_ = file.device;
    offset_ = size - std::min<std::uint64_t>(size, first_look);
    begun_.clear();
    dropping_ = offset_ > 0;
}

void Tail::take(std::string_view chunk, const Visit& visit) {
    while (!chunk.empty()) {
        const auto end = chunk.find('\n');
        const auto piece = chunk.substr(0, end);
        if (!dropping_ && begun_.size() + piece.size() > longest_line) {
            dropping_ = true;
            begun_.clear();
        }
        if (!dropping_) {
            begun_ += piece;
        }
        if (end == std::string_view::npos) {
            return;
        }
        if (!dropping_) {
            visit(begun_);
        }
        begun_.clear();
        dropping_ = false;
        chunk.remove_prefix(end + 1);
    }
}

Result<void> Tail::read(const platform::BeneathFile& file,
                        std::size_t& budget,
                        const Visit& visit) {
    const auto found = file.status();
    if (!found) {
        return found.error();
    }
    place(*found);
    while (budget > 0 && offset_ < found->size_bytes) {
        const auto chunk = file.read(offset_, std::min(budget, chunk_size));
        if (!chunk) {
            return chunk.error();
        }
        if (chunk->empty()) {
            break;  // it was cut short meanwhile
        }
        take(*chunk, visit);
        offset_ += chunk->size();
        budget -= chunk->size();
    }
    return {};
}

}  // namespace paws::collectors
