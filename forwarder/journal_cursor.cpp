#include "forwarder/journal_cursor.h"

#include "core/text.h"

#include <array>
#include <charconv>
#include <utility>

namespace paws::forwarder {

namespace {

// By their letters; empty when it is not there.
struct Parts {
    std::string_view id, number, boot, monotonic, realtime;
};

Parts parts_of(std::string_view cursor) {
    Parts parts;
    const std::array<std::pair<std::string_view, std::string_view*>, 5> letters{{
        {"s=", &parts.id},
        {"i=", &parts.number},
        {"b=", &parts.boot},
        {"m=", &parts.monotonic},
        {"t=", &parts.realtime},
    }};
    while (!cursor.empty()) {
        const auto part = take_until(cursor, ';');
        for (const auto& [letter, value] : letters) {
            if (part.starts_with(letter)) {
                *value = part.substr(letter.size());
            }
        }
    }
    return parts;
}

std::optional<std::uint64_t> hex(std::string_view text) {
    return parse_integer<std::uint64_t>(text, 16);
}

using BootId = decltype(platform::EntryClocks::boot);

std::optional<BootId> boot_id(std::string_view text) {
    constexpr std::size_t digits = 2;  // of a byte
    BootId id{};
    if (text.size() != digits * id.size()) {
        return std::nullopt;
    }
    for (std::size_t at = 0; at < id.size(); ++at) {
        const auto byte = parse_integer<std::uint8_t>(text.substr(digits * at, digits), 16);
        if (!byte) {
            return std::nullopt;
        }
        id.at(at) = *byte;
    }
    return id;
}

std::string to_hex(const BootId& id) {
    constexpr std::string_view digits = "0123456789abcdef";
    std::string text;
    for (const auto byte : id) {
        text += digits.at(byte >> 4U);
        text += digits.at(byte & 0xFU);
    }
    return text;
}

std::string to_hex(std::uint64_t number) {
    std::array<char, 16> digits{};
    const auto written = std::to_chars(digits.begin(), digits.end(), number, 16);
    return {digits.begin(), written.ptr};
}

}  // namespace

bool is_before(const platform::EntryClocks& entry, const platform::EntryClocks& other) {
    return entry.boot == other.boot ? entry.monotonic < other.monotonic
                                    : entry.realtime < other.realtime;
}

std::optional<EntryOrder> entry_order(std::string_view cursor) {
    const auto parts = parts_of(cursor);
    const auto number = hex(parts.number);
    const auto boot = boot_id(parts.boot);
    const auto monotonic = hex(parts.monotonic);
    const auto realtime = hex(parts.realtime);
    if (parts.id.empty() || !number || !boot || !monotonic || !realtime) {
        return std::nullopt;
    }
    return EntryOrder{.sequence = {.id = std::string{parts.id}, .number = *number},
                      .clocks = {.boot = *boot, .monotonic = *monotonic, .realtime = *realtime}};
}

EntryPlace entry_place(std::string cursor) {
    auto order = entry_order(cursor);
    return {.cursor = std::move(cursor), .order = std::move(order)};
}

std::string cursor_of(const EntryOrder& order) {
    return "s=" + order.sequence.id + ";i=" + to_hex(order.sequence.number) + ";" +
           cursor_by_time(order.clocks);
}

std::string cursor_by_time(const platform::EntryClocks& clocks) {
    return "b=" + to_hex(clocks.boot) + ";m=" + to_hex(clocks.monotonic) +
           ";t=" + to_hex(clocks.realtime);
}

}  // namespace paws::forwarder
