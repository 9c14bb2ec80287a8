// Journal reserve: how much of the journal journald would remove before it came to what is not
// shipped yet. It removes the oldest archived files first (systemd: journal-vacuum.c).

#pragma once

#include "core/time.h"
#include "platform/sd_journal_access.h"

#include <cstdint>
#include <optional>
#include <string_view>
#include <vector>

namespace paws::forwarder {

// When the first entry of an archived file was taken, by its name:
// "system@SEQUENCE_ID-SEQUENCE_NUMBER-REALTIME.journal", the last two in hex.
std::optional<WallTime> archive_begins(std::string_view name);

// The bytes of archived files that hold nothing but entries from before `place`. Pure.
std::uint64_t reserve_bytes(const std::vector<platform::JournalFile>& files, WallTime place);

}  // namespace paws::forwarder
