// Journal access: whether the files of a journal are there, and may be read by us.
// sd_journal_open(3) succeeds without a single file.

#pragma once

#include "core/result.h"
#include "platform/sd_journal.h"

#include <cstdint>
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

}  // namespace paws::platform
