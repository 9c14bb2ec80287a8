// Journal sender: one structured entry to journald (systemd.io: Native Journal Protocol), with the
// certainty that journald has looked at who sent it.
//
// journald reads the sender's unit from /proc while it handles the datagram: of a process that has
// ended by then the entry has no unit. So a second, empty datagram follows the entry. journald
// takes them in order and passes by what is empty; once the kernel says that both were taken
// (SIOCOUTQ), the entry was handled while its sender lived.

#pragma once

#include "core/result.h"

#include <chrono>
#include <string>
#include <string_view>
#include <vector>

namespace paws::platform {

inline constexpr std::string_view journal_socket = "/run/systemd/journal/socket";

struct JournalField {
    std::string name;
    std::string value;  // without line breaks
};

// Waits at most `patience` in all. Errc::absent or unavailable: no journald; timeout: it takes
// nothing.
Result<void> send_to_journal(const std::vector<JournalField>& fields,
                             std::chrono::milliseconds patience,
                             const std::string& socket = std::string{journal_socket});

}  // namespace paws::platform
