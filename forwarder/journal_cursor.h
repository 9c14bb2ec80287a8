// Journal cursor: what a cursor tells beside the place (systemd: sd_journal_get_cursor(3)). Pure.

#pragma once

#include "platform/sd_journal.h"

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace paws::forwarder {

// journald numbers its entries without a gap, over all its files, as long as its id is the same.
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

// "s=ID;i=HEX;b=BOOT;m=HEX;t=HEX;x=HEX"; nothing when one of the first five is missing or is none.
std::optional<EntryOrder> entry_order(std::string_view cursor);

// Such a cursor, to seek by; and one without the sequence, by time alone.
std::string cursor_of(const EntryOrder& order);
std::string cursor_by_time(const platform::EntryClocks& clocks);

// The first two parts alone.
std::optional<SequenceNumber> sequence_number(std::string_view cursor);

}  // namespace paws::forwarder
