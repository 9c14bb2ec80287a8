// Tail: follows a file that grows, by whole lines. It begins near the end, reads what a round
// allows, and goes on where it stopped; a file that shrank or was replaced is begun anew. What is
// written faster than it is read is skipped, and a line that is too long is dropped to its end.

#pragma once

#include "platform/beneath.h"

#include <cstddef>
#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>

namespace paws::collectors {

class Tail {
public:
    static constexpr std::size_t first_look = std::size_t{256} << 10U;  // bytes before the end
    static constexpr std::size_t longest_line = std::size_t{64} << 10U;
    static constexpr std::size_t longest_lag = std::size_t{8} << 20U;  // then it skips to the end

    using Visit = std::function<void(std::string_view line)>;

    // Reads at most `budget` bytes and takes them off it.
    Result<void> read(const platform::BeneathFile& file, std::size_t& budget, const Visit& visit);

private:
    void place(const platform::FileStatus& file);
    void take(std::string_view chunk, const Visit& visit);

    std::optional<std::uint64_t> inode_;
    std::uint64_t device_ = 0;
    std::uint64_t offset_ = 0;
    std::string begun_;  // a line whose end is not written yet
    bool dropping_ = false;
};

}  // namespace paws::collectors
