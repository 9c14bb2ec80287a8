// JournalEntry: what is needed of a journal entry (systemd.journal-fields(7)), and what follows
// from its fields alone.

#pragma once

#include "forwarder/intake.h"

#include <cstdint>
#include <string>
#include <string_view>

namespace paws::forwarder {

// Filled anew for each entry, so that its texts need not be made anew.
struct JournalEntry {
    std::string message;
    std::string unit;   // _SYSTEMD_UNIT
    std::string about;  // UNIT: what its writer speaks of
    std::string priority;
    std::string pid;
    std::string transport;
    std::string identifier;
    std::string stream;
    std::string message_id;
    std::string dropped;       // N_DROPPED
    bool has_message = false;  // an empty line is one
    bool whole = true;         // false: it is damaged
    bool cut = false;          // its message is longer than what is taken of one

    void clear();
    void see(std::string_view field);  // "NAME=value"

    // The unit it belongs to: that of its writer or, when the manager wrote it, the one that it
    // speaks of. "kernel" for what the kernel says, empty for writers outside of all units.
    std::string_view subject() const;
    Writer writer() const;
    // How many messages journald says that it had to drop; 0 when that is not what it says.
    std::uint64_t dropped_messages() const;
};

}  // namespace paws::forwarder
