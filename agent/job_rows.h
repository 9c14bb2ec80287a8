// Job rows: ended jobs in the store's table `jobs`. Throws SQLite::Exception.

#pragma once

#include "core/job.h"

#include <vector>

namespace SQLite {  // NOLINT(readability-identifier-naming): the library's own
class Database;
}

namespace paws::agent {

// A job that is there already stays as it is, but for whose it is, where that was not known yet.
void insert_jobs(SQLite::Database& database, const std::vector<RunnerJob>& jobs);
std::vector<RunnerJob> select_jobs(SQLite::Database& database, const JobQuery& query);

}  // namespace paws::agent
