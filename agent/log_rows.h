// Log rows: how far log shipping has come, its counts, and the lines that Loki refused, in the
// store's tables log_*. Throws SQLite::Exception.

#pragma once

#include "forwarder/ledger.h"

#include <optional>
#include <vector>

namespace SQLite {  // NOLINT(readability-identifier-naming): the library's own
class Database;
}

namespace paws::agent {

struct LogSave {
    forwarder::Progress progress;              // all of it
    std::vector<QuarantinedLine> quarantined;  // those that are new
};

void save_logs(SQLite::Database& database, const LogSave& save);
// Nothing: nothing was shipped yet.
std::optional<forwarder::Progress> load_log_progress(SQLite::Database& database);
// The newest, the oldest of them first.
std::vector<QuarantinedLine> load_quarantined(SQLite::Database& database, int most);

}  // namespace paws::agent
