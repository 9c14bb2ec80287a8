// Journal cursor: what a cursor tells beside the place (systemd: sd_journal_get_cursor(3)). Pure.

#pragma once

#include "platform/sd_journal.h"

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace paws::forwarder {

// journald numbers its entries without a gap, those of all its files together. The files of each
// user have another id than those of the system, and so have gaps (252: journald-server.c,
// find_journal()).
struct SequenceNumber {
    std::string id;
    std::uint64_t number = 0;

    bool operator==(const SequenceNumber&) const = default;
};

// By what libsystemd puts an entry in order: in this sequence, where both entries have the same.
struct EntryOrder {
    SequenceNumber sequence;
    platform::EntryClocks clocks;

    bool operator==(const EntryOrder&) const = default;
};

// By their uptime in one boot, by the wall clock between two; whatever their sequences.
bool is_before(const platform::EntryClocks& entry, const platform::EntryClocks& other);

// "s=ID;i=HEX;b=BOOT;m=HEX;t=HEX;x=HEX"; nothing when one of the first five is missing or is none.
std::optional<EntryOrder> entry_order(std::string_view cursor);

// An entry's own cursor, and what it tells.
struct EntryPlace {
    std::string cursor;
    std::optional<EntryOrder> order;

    std::optional<SequenceNumber> sequence() const {
        return order ? std::optional{order->sequence} : std::nullopt;
    }
};
EntryPlace entry_place(std::string cursor);

// Such a cursor, to seek by; and one without the sequence, by time alone.
std::string cursor_of(const EntryOrder& order);
std::string cursor_by_time(const platform::EntryClocks& clocks);

}  // namespace paws::forwarder
