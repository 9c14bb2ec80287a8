// Journal access: whether the files of a journal are there, and may be read by us.
// sd_journal_open(3) succeeds without a single file.

#pragma once

#include "core/result.h"
#include "core/time.h"
#include "platform/sd_journal.h"

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace paws::platform {

// Errc::absent without files, Errc::denied when a file with services' entries may not be read.
Result<void> check_journal_access(const JournalPlace& place);

struct JournalFile {
    std::string name;  // without its directory
    std::uint64_t bytes = 0;
};

// The files that are there, as far as they can be seen.
std::vector<JournalFile> journal_files(const JournalPlace& place);

// The directories that are there, of those below which journald makes its files.
std::vector<JournalInode> journal_tops(const JournalPlace& place);

// What its file system has for journald, where that writes now.
std::optional<std::uint64_t> journal_disk_available(const JournalPlace& place);

// Which files a journal has.
struct JournalCensus {
    struct File {
        JournalInode inode;
        std::optional<WallTime> first;  // when its first entry was taken, if it has one
    };

    // All of them number their entries in the same sequence: journald begins another for the files
    // of each user, and where it cannot go on from a file, as on a host that was set up anew. False
    // when one cannot be read.
    bool one_sequence = false;
    std::vector<File> files;
    bool is_whole = true;  // false: some may be there that could not be seen

    // Files went: renamed ones are still there.
    bool lacks_any_of(const JournalCensus& before) const;
    // The first entry of all files that have come, or had none.
    std::optional<WallTime> first_since(const JournalCensus& before) const;
};
JournalCensus take_census(const JournalPlace& place);

}  // namespace paws::platform
