// Journal access: whether the files of a journal are there, and may be read by us.
// sd_journal_open(3) succeeds without a single file.

#pragma once

#include "core/result.h"
#include "platform/sd_journal.h"

namespace paws::platform {

// Errc::absent without files, Errc::denied when a file with services' entries may not be read.
Result<void> check_journal_access(const JournalPlace& place);

}  // namespace paws::platform
