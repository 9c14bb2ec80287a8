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

std::string to_hex(std::uint64_t number) {
    std::array<char, 16> digits{};
    const auto written = std::to_chars(digits.begin(), digits.end(), number, 16);
    return {digits.begin(), written.ptr};
}

std::optional<SequenceNumber> sequence_number(const Parts& parts) {
    const auto number = hex(parts.number);
    return number && !parts.id.empty()
               ? std::optional{SequenceNumber{.id = std::string{parts.id}, .number = *number}}
               : std::nullopt;
}

}  // namespace

std::optional<EntryOrder> entry_order(std::string_view cursor) {
    const auto parts = parts_of(cursor);
    auto sequence = sequence_number(parts);
    const auto monotonic = hex(parts.monotonic);
    const auto realtime = hex(parts.realtime);
    if (!sequence || parts.boot.empty() || !monotonic || !realtime) {
        return std::nullopt;
    }
    return EntryOrder{.sequence = *std::move(sequence),
                      .boot = std::string{parts.boot},
                      .monotonic = *monotonic,
                      .realtime = *realtime};
}

std::string cursor_of(const EntryOrder& order) {
    return "s=" + order.sequence.id + ";i=" + to_hex(order.sequence.number) + ";" +
           cursor_by_time(order);
}

std::string cursor_by_time(const EntryOrder& order) {
    return "b=" + order.boot + ";m=" + to_hex(order.monotonic) + ";t=" + to_hex(order.realtime);
}

std::optional<SequenceNumber> sequence_number(std::string_view cursor) {
    return sequence_number(parts_of(cursor));
}

}  // namespace paws::forwarder
