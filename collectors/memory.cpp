#include "collectors/memory.h"

#include "core/text.h"

#include <array>
#include <cstdint>
#include <limits>
#include <optional>
#include <string>

namespace paws::collectors {

namespace {

// "   24042352 kB" in bytes.
std::optional<std::uint64_t> bytes(std::string_view amount) {
    constexpr std::uint64_t kibibyte = 1024;
    const auto number = parse_integer<std::uint64_t>(take_word(amount));
    if (!number || take_word(amount) != "kB" ||
        *number > std::numeric_limits<std::uint64_t>::max() / kibibyte) {
        return std::nullopt;
    }
    return *number * kibibyte;
}

}  // namespace

Result<Memory> parse_memory(std::string_view text) {
    Memory memory;
    struct Line {
        std::string_view name;
        std::uint64_t& value;
        bool seen = false;
    };
    std::array lines{Line{"MemTotal", memory.total_bytes},
                     Line{"MemAvailable", memory.available_bytes},
                     Line{"SwapTotal", memory.swap_total_bytes},
                     Line{"SwapFree", memory.swap_free_bytes}};
    std::size_t left = lines.size();
    while (!text.empty() && left > 0) {
        auto amount = take_until(text, '\n');
        const auto name = take_until(amount, ':');
        for (auto& line : lines) {
            if (line.seen || line.name != name) {
                continue;
            }
            const auto value = bytes(amount);
            if (!value) {
                return Error{Errc::malformed, std::string{name} + " is not an amount in kB"};
            }
            line.value = *value;
            line.seen = true;
            --left;
        }
    }
    for (const auto& line : lines) {
        if (!line.seen) {
            return Error{Errc::malformed, "has no line " + std::string{line.name}};
        }
    }
    return memory;
}

}  // namespace paws::collectors
