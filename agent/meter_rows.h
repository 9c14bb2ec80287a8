// Meter rows: what the jobs that run have taken so far, as the store keeps it, so that an agent
// that is restarted measures on.

#pragma once

#include "core/judgement.h"

#include <map>
#include <string>

namespace SQLite {  // NOLINT(readability-identifier-naming): the library's own
class Database;
}

namespace paws::agent {

using Meters = std::map<std::string, JobMeter>;  // by runner: those with a job that runs

void replace_meters(SQLite::Database& database, const Meters& meters);
Meters select_meters(SQLite::Database& database);

}  // namespace paws::agent
