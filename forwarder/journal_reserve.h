// Journal reserve: how much journald writes and removes before it comes to what is not shipped yet.
// It removes the oldest archived files first (systemd: journal-vacuum.c), and none before its files
// take what it may use.

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

// What journald lets its files take, in bytes (journald.conf(5): SystemMaxUse=, SystemKeepFree=).
struct JournalLimits {
    std::uint64_t most = 0;
    std::uint64_t keep_free = 0;  // of the disk

    bool operator==(const JournalLimits&) const = default;
};

// What it still writes before it removes any, in bytes. Pure.
std::uint64_t room_bytes(const JournalLimits& limits,
                         std::uint64_t used,
                         std::uint64_t disk_available);

// What journald said when it began last (sd-messages.h: SD_MESSAGE_JOURNAL_USAGE). Nothing when
// that was removed since, or never was in this journal.
std::optional<JournalLimits> journal_limits(const platform::JournalPlace& place);

// One thread. Reads directories and now and then the journal.
class JournalReserve {
public:
    explicit JournalReserve(platform::JournalPlace place) : place_{std::move(place)} {}

    // In bytes, where all up to `read_to` was read. Without journald's limits what it may still
    // write counts for nothing.
    std::uint64_t look(WallTime read_to, BootTime now);

private:
    platform::JournalPlace place_;
    std::optional<JournalLimits> limits_;
    std::optional<BootTime> limits_at_;
};

}  // namespace paws::forwarder
