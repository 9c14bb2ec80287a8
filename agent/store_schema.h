// Store schema: the tables of the agent's database, and how a file comes to have them. All throw
// SQLite::Exception.

#pragma once

#include "core/result.h"

#include <string>

namespace SQLite {  // NOLINT(readability-identifier-naming): the library's own
class Database;
}

namespace paws::agent {

// Errc::unavailable: another program's, or of a newer agent.
Result<void> refuse_foreign(SQLite::Database& database, const std::string& path);
bool has_schema(SQLite::Database& database);

void set_up(SQLite::Database& database);  // what holds for a connection
// Errc::malformed: the file is damaged.
Result<void> check(SQLite::Database& database, const std::string& path);
void migrate(SQLite::Database& database);

// Whether what is committed next outlives a cut of the power, too.
void set_durable(SQLite::Database& database, bool durable);

}  // namespace paws::agent
