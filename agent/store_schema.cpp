#include "agent/store_schema.h"

#include <array>
#include <cstddef>

#include <SQLiteCpp/SQLiteCpp.h>

namespace paws::agent {

namespace {

constexpr int application_id = 0x70617773;  // "paws"

// In order; user_version says how many of them a file has had. One that is out is never changed.
// Times are nanoseconds since 1970.
constexpr std::array migrations{
    R"(
CREATE TABLE journal(
  only INTEGER PRIMARY KEY CHECK(only = 1),
  origin TEXT NOT NULL);
CREATE TABLE tallies(
  runner TEXT PRIMARY KEY,
  unit TEXT NOT NULL,
  counted_to TEXT NOT NULL,
  given_up_line INTEGER,
  given_up_name TEXT,
  saved INTEGER NOT NULL) WITHOUT ROWID;
CREATE TABLE counters(
  runner TEXT NOT NULL,
  counter TEXT NOT NULL,
  label TEXT NOT NULL,
  value NUMERIC NOT NULL,
  PRIMARY KEY(runner, counter, label)) WITHOUT ROWID;
CREATE TABLE jobs(
  id INTEGER PRIMARY KEY,
  runner TEXT NOT NULL,
  name TEXT NOT NULL,
  first_line INTEGER NOT NULL,
  last_line INTEGER NOT NULL,
  started INTEGER NOT NULL,
  finished INTEGER NOT NULL,
  result TEXT,
  lost TEXT,
  repository TEXT,
  workflow TEXT,
  job TEXT,
  run_id INTEGER,
  run_attempt INTEGER,
  cpu_seconds REAL,
  memory_peak_bytes INTEGER,
  oom_kills INTEGER,
  cpu_stall_seconds REAL,
  memory_stall_seconds REAL,
  io_stall_seconds REAL,
  disk_low_bytes INTEGER,
  connect_errors INTEGER,
  blame TEXT,
  because TEXT,
  UNIQUE(runner, last_line, name));
CREATE INDEX jobs_by_end ON jobs(finished);
CREATE TABLE wishes(
  runner TEXT PRIMARY KEY,
  kind TEXT NOT NULL,
  asked INTEGER NOT NULL,
  until INTEGER,
  note TEXT NOT NULL,
  by TEXT NOT NULL) WITHOUT ROWID;
)",
    R"(
ALTER TABLE jobs ADD COLUMN queue_seconds REAL;
CREATE TABLE meters(
  runner TEXT PRIMARY KEY,
  name TEXT NOT NULL,
  first_line INTEGER NOT NULL,
  read_at INTEGER NOT NULL,
  cgroup INTEGER NOT NULL,
  read_cpu_seconds REAL,
  read_cpu_stall_seconds REAL,
  read_memory_stall_seconds REAL,
  read_io_stall_seconds REAL,
  read_oom_kills INTEGER,
  read_memory_peak_bytes INTEGER,
  read_connect_errors INTEGER,
  cpu_seconds REAL,
  memory_peak_bytes INTEGER,
  oom_kills INTEGER,
  cpu_stall_seconds REAL,
  memory_stall_seconds REAL,
  io_stall_seconds REAL,
  disk_low_bytes INTEGER,
  connect_errors INTEGER) WITHOUT ROWID;
)",
    R"(
CREATE TABLE log_place(
  only INTEGER PRIMARY KEY CHECK(only = 1),
  cursor TEXT NOT NULL,
  read INTEGER,
  began INTEGER);
CREATE TABLE log_keys(
  writer TEXT PRIMARY KEY,
  lines_left INTEGER NOT NULL) WITHOUT ROWID;
CREATE TABLE log_traces(
  runner TEXT PRIMARY KEY,
  done_to TEXT NOT NULL) WITHOUT ROWID;
CREATE TABLE log_files(
  runner TEXT NOT NULL,
  name TEXT NOT NULL,
  inode INTEGER NOT NULL,
  offset INTEGER NOT NULL,
  PRIMARY KEY(runner, name)) WITHOUT ROWID;
CREATE TABLE log_counters(
  counter TEXT NOT NULL,
  label TEXT NOT NULL,
  value INTEGER NOT NULL,
  PRIMARY KEY(counter, label)) WITHOUT ROWID;
CREATE TABLE log_quarantine(
  id INTEGER PRIMARY KEY AUTOINCREMENT,
  at INTEGER NOT NULL,
  labels TEXT NOT NULL,
  line TEXT NOT NULL,
  reason TEXT NOT NULL);
)",
};
constexpr int newest_version = static_cast<int>(migrations.size());

int pragma(SQLite::Database& database, const char* name) {
    return database.execAndGet(std::string{"PRAGMA "} + name).getInt();
}

}  // namespace

Result<void> refuse_foreign(SQLite::Database& database, const std::string& path) {
    const int owner = pragma(database, "application_id");
    if (owner != 0 && owner != application_id) {
        return Error{Errc::unavailable, path + ": is the database of another program"};
    }
    const int version = pragma(database, "user_version");
    if (version > newest_version) {
        return Error{Errc::unavailable,
                     path + ": is of a newer paws-agent (version " + std::to_string(version) +
                         ", this one knows " + std::to_string(newest_version) +
                         "); install that one again, or move the file away"};
    }
    return {};
}

// The page cache is small: what is read back is little.
void set_up(SQLite::Database& database) {
    if (!has_schema(database)) {  // later it writes each time, which a full disk refuses
        database.exec("PRAGMA auto_vacuum=INCREMENTAL");
    }
    database.exec("PRAGMA journal_mode=WAL");
    database.exec("PRAGMA cache_size=-256");
    database.exec("PRAGMA mmap_size=0");
    database.exec("PRAGMA wal_autocheckpoint=64");
    database.exec("PRAGMA journal_size_limit=524288");
}

Result<void> check(SQLite::Database& database, const std::string& path) {
    const std::string said = database.execAndGet("PRAGMA quick_check(1)").getString();
    return said == "ok" ? Result<void>{} : Error{Errc::malformed, path + ": " + said};
}

bool has_schema(SQLite::Database& database) {
    return pragma(database, "user_version") > 0;
}

// With a write-ahead log NORMAL syncs at checkpoints only: a power cut takes the last commits.
void set_durable(SQLite::Database& database, bool durable) {
    database.exec(durable ? "PRAGMA synchronous=FULL" : "PRAGMA synchronous=NORMAL");
}

void migrate(SQLite::Database& database) {
    if (pragma(database, "user_version") == newest_version) {
        return;
    }
    SQLite::Transaction transaction{database, SQLite::TransactionBehavior::IMMEDIATE};
    for (auto version = static_cast<std::size_t>(pragma(database, "user_version"));
         version < migrations.size();
         ++version) {
        database.exec(migrations.at(version));
    }
    database.exec("PRAGMA application_id=" + std::to_string(application_id));
    database.exec("PRAGMA user_version=" + std::to_string(newest_version));
    transaction.commit();
}

}  // namespace paws::agent
