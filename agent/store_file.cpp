#include "agent/store_file.h"

#include "agent/counter_rows.h"
#include "agent/job_rows.h"
#include "agent/rows.h"
#include "agent/store_schema.h"
#include "core/names.h"
#include "platform/root_fs.h"
#include "platform/unique_fd.h"

#include <cerrno>
#include <cstdlib>
#include <filesystem>
#include <utility>

#include <SQLiteCpp/SQLiteCpp.h>
#include <fcntl.h>
#include <sqlite3.h>
#include <sys/stat.h>

namespace paws::agent {

namespace {

using rows::moment;
using rows::nanoseconds;

constexpr int patience_milliseconds = 1000;  // for another process's lock
constexpr int jobs_of_one_step = 1000;
constexpr int shown_quarantined = 10;

Errc code_of(int primary) {
    switch (primary) {
        case SQLITE_BUSY:
        case SQLITE_LOCKED:
            return Errc::timeout;
        case SQLITE_CORRUPT:
        case SQLITE_NOTADB:
            return Errc::malformed;
        case SQLITE_PERM:
        case SQLITE_READONLY:
        case SQLITE_AUTH:
            return Errc::denied;
        default:
            return Errc::io;
    }
}

std::string reason_of(int primary, const std::string& path) {
    switch (primary) {
        case SQLITE_BUSY:
        case SQLITE_LOCKED:
            return "another process holds it locked";
        case SQLITE_FULL:
            return "its disk is full; run: df -h " +
                   std::filesystem::path{path}.parent_path().string();
        default:
            return sqlite3_errstr(primary);
    }
}

// What SQLite throws is what a healthy program meets: a lock, a full disk, a damaged file.
template <class Work>
auto guarded(const std::string& path, const Work& work) -> decltype(work()) {
    try {
        return work();
    } catch (const SQLite::Exception& failed) {
        const int primary = failed.getErrorCode() & 0xFF;
        return Error{code_of(primary), path + ": " + reason_of(primary, path)};
    }
}

void save_origin(SQLite::Database& database, const std::string& origin) {
    SQLite::Statement save{
        database,
        "INSERT INTO journal VALUES(1, ?) ON CONFLICT DO UPDATE SET origin = excluded.origin"};
    save.bind(1, origin);
    save.exec();
}

void save_tally(SQLite::Database& database,
                const std::string& runner,
                const RunnerTally& of,
                WallTime now) {
    SQLite::Statement save{database, "INSERT OR REPLACE INTO tallies VALUES(?, ?, ?, ?, ?, ?)"};
    save.bind(1, runner);
    save.bind(2, of.unit);
    save.bind(3, of.tally.counted_to);
    if (const auto& job = of.tally.given_up) {
        save.bind(4, nanoseconds(job->first_line));
        save.bind(5, job->name);
    }
    save.bind(6, nanoseconds(now));
    save.exec();
    SQLite::Statement count{database, "INSERT OR REPLACE INTO counters VALUES(?, ?, ?, ?)"};
    for (const auto& row : rows_of(of.tally.counters)) {
        count.bind(1, runner);
        count.bind(2, row.counter);
        count.bind(3, row.label);
        count.bind(4, row.value);
        count.exec();
        count.reset();
    }
}

void save_wishes(SQLite::Database& database, const WishesByRunner& wishes) {
    database.exec("DELETE FROM wishes");
    SQLite::Statement save{database, "INSERT INTO wishes VALUES(?, ?, ?, ?, ?, ?)"};
    for (const auto& [runner, wish] : wishes) {
        save.bind(1, runner);
        save.bind(2, wish.kind == WishKind::hold ? "hold" : "drain");
        save.bind(3, nanoseconds(wish.asked));
        wish.until ? save.bind(4, nanoseconds(*wish.until)) : save.bind(4);
        save.bind(5, wish.note);
        save.bind(6, wish.by);
        save.exec();
        save.reset();
    }
}

RunnerCounters load_counters(SQLite::Database& database, const std::string& runner) {
    SQLite::Statement select{database,
                             "SELECT counter, label, value FROM counters WHERE runner = ?"};
    select.bind(1, runner);
    std::vector<CounterRow> rows;
    while (select.executeStep()) {
        rows.push_back({.counter = select.getColumn(0).getString(),
                        .label = select.getColumn(1).getString(),
                        .value = select.getColumn(2).getDouble()});
    }
    return counters_of(rows);
}

std::optional<std::string> load_origin(SQLite::Database& database) {
    SQLite::Statement select{database, "SELECT origin FROM journal"};
    return select.executeStep() ? std::optional{select.getColumn(0).getString()} : std::nullopt;
}

RunnerTallies load_tallies(SQLite::Database& database) {
    RunnerTallies tallies;
    SQLite::Statement select{
        database, "SELECT runner, unit, counted_to, given_up_line, given_up_name FROM tallies"};
    while (select.executeStep()) {
        const auto runner = select.getColumn(0).getString();
        auto& [unit, tally] = tallies[runner];
        unit = select.getColumn(1).getString();
        tally.counters = load_counters(database, runner);
        tally.counted_to = select.getColumn(2).getString();
        if (!select.getColumn(3).isNull()) {
            tally.given_up = GivenUpJob{.first_line = moment(select.getColumn(3)),
                                        .name = select.getColumn(4).getString()};
        }
    }
    return tallies;
}

WishesByRunner load_wishes(SQLite::Database& database) {
    WishesByRunner wishes;
    SQLite::Statement select{database, "SELECT runner, kind, asked, until, note, by FROM wishes"};
    while (select.executeStep()) {
        Wish wish;
        wish.kind = select.getColumn(1).getString() == "hold" ? WishKind::hold : WishKind::drain;
        wish.asked = moment(select.getColumn(2));
        if (!select.getColumn(3).isNull()) {
            wish.until = moment(select.getColumn(3));
        }
        wish.note = select.getColumn(4).getString();
        wish.by = select.getColumn(5).getString();
        wishes.emplace(select.getColumn(0).getString(), std::move(wish));
    }
    return wishes;
}

std::uint64_t used_bytes(SQLite::Database& database) {
    const auto pages = database.execAndGet("PRAGMA page_count").getInt64() -
                       database.execAndGet("PRAGMA freelist_count").getInt64();
    return static_cast<std::uint64_t>(pages * database.execAndGet("PRAGMA page_size").getInt64());
}

void forget_old_jobs(SQLite::Database& database, WallTime oldest) {
    SQLite::Statement forget{database,
                             "DELETE FROM jobs WHERE id IN (SELECT id FROM jobs WHERE finished < ? "
                             "ORDER BY finished LIMIT ?)"};
    forget.bind(1, nanoseconds(oldest));
    forget.bind(2, jobs_of_one_step);
    forget.exec();
}

void forget_oldest_jobs(SQLite::Database& database) {
    SQLite::Statement forget{
        database, "DELETE FROM jobs WHERE id IN (SELECT id FROM jobs ORDER BY finished LIMIT ?)"};
    forget.bind(1, jobs_of_one_step);
    forget.exec();
}

// Ephemeral runners have a name each: those that were quiet for longest go.
void forget_runners(SQLite::Database& database, std::size_t kept) {
    SQLite::Statement forget{
        database,
        "DELETE FROM tallies WHERE runner IN (SELECT runner FROM tallies ORDER BY saved DESC "
        "LIMIT -1 OFFSET ?)"};
    forget.bind(1, static_cast<std::int64_t>(kept));
    if (forget.exec() > 0) {
        database.exec("DELETE FROM counters WHERE runner NOT IN (SELECT runner FROM tallies)");
    }
}

}  // namespace

StoreFile::StoreFile(std::string path, StoreBounds bounds, Identity identity)
    : path_{std::move(path)}, bounds_{bounds}, identity_{identity} {}
StoreFile::StoreFile(StoreFile&&) noexcept = default;
StoreFile& StoreFile::operator=(StoreFile&&) noexcept = default;
StoreFile::~StoreFile() = default;

Result<StoreFile> StoreFile::open(const std::string& path, StoreBounds bounds) {
    // SQLite would make it readable to everybody.
    struct stat found {};
    {
        const platform::UniqueFd file{
            ::open(path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0640)};
        if (!file || ::fstat(file.get(), &found) != 0) {
            auto error = platform::system_error(errno, path);
            const bool there = ::lstat(path.c_str(), &found) == 0;
            error.code = there ? error.code : Errc::absent;
            return error;
        }
    }
    StoreFile store{path, bounds, {.device = found.st_dev, .inode = found.st_ino}};
    if (const auto opened = store.open(); !opened) {
        return opened.error();
    }
    return store;
}

Result<void> StoreFile::open() {
    return guarded(path_, [&]() -> Result<void> {
        database_ = std::make_unique<SQLite::Database>(
            path_, SQLite::OPEN_READWRITE, patience_milliseconds);
        if (auto ours = refuse_foreign(*database_, path_); !ours) {
            return ours;
        }
        is_new_ = !has_schema(*database_);
        set_up(*database_);
        if (auto sound = check(*database_, path_); !sound) {
            return sound;
        }
        migrate(*database_);
        return {};
    });
}

// SQLite would write on to a file that was removed or replaced, and all of it would be lost.
Result<void> StoreFile::still_there() const {
    struct stat found {};
    const bool same = ::stat(path_.c_str(), &found) == 0 && found.st_dev == identity_.device &&
                      found.st_ino == identity_.inode;
    return same ? Result<void>{} : Error{Errc::absent, path_ + ": was removed or replaced"};
}

Result<Kept> StoreFile::load() {
    return guarded(path_, [&]() -> Result<Kept> {
        return Kept{.origin = load_origin(*database_),
                    .tallies = load_tallies(*database_),
                    .wishes = load_wishes(*database_),
                    .meters = select_meters(*database_)};
    });
}

Result<void> StoreFile::save(const Changes& changes, WallTime now) {
    if (auto there = still_there(); !there) {
        return there;
    }
    return guarded(path_, [&]() -> Result<void> {
        set_durable(*database_, changes.wishes.has_value());
        SQLite::Transaction transaction{*database_, SQLite::TransactionBehavior::IMMEDIATE};
        if (changes.origin) {
            save_origin(*database_, *changes.origin);
        }
        for (const auto& [runner, tally] : changes.tallies) {
            save_tally(*database_, runner, tally, now);
        }
        insert_jobs(*database_, changes.jobs);
        if (changes.wishes) {
            save_wishes(*database_, *changes.wishes);
        }
        if (changes.meters) {
            replace_meters(*database_, *changes.meters);
        }
        transaction.commit();
        return {};
    });
}

Result<std::vector<RunnerJob>> StoreFile::jobs(const JobQuery& query) {
    return guarded(
        path_, [&]() -> Result<std::vector<RunnerJob>> { return select_jobs(*database_, query); });
}

// With the jobs that ended since: lines from then are still to be shipped.
Result<forwarder::Ledger::Kept> StoreFile::load_logs() {
    return guarded(path_, [&]() -> Result<forwarder::Ledger::Kept> {
        forwarder::Ledger::Kept kept{
            .progress = load_log_progress(*database_),
            .jobs = {},
            .quarantined = load_quarantined(*database_, shown_quarantined)};
        if (kept.progress && kept.progress->position.read) {
            JobQuery query{.limit = job_query_limit};
            query.since = kept.progress->position.read;
            kept.jobs = select_jobs(*database_, query);
        }
        return kept;
    });
}

Result<void> StoreFile::save_logs(const LogSave& save) {
    if (auto there = still_there(); !there) {
        return there;
    }
    return guarded(path_, [&]() -> Result<void> {
        set_durable(*database_, false);
        SQLite::Transaction transaction{*database_, SQLite::TransactionBehavior::IMMEDIATE};
        agent::save_logs(*database_, save);
        transaction.commit();
        return {};
    });
}

// A wall clock that is far ahead for a while takes no more than one step of jobs each time.
Result<void> StoreFile::tidy(WallTime now) {
    return guarded(path_, [&]() -> Result<void> {
        forget_old_jobs(*database_, now - bounds_.keep);
        forget_runners(*database_, bounds_.runners);
        if (used_bytes(*database_) > bounds_.bytes) {
            forget_oldest_jobs(*database_);
        }
        database_->exec("PRAGMA incremental_vacuum");
        return {};
    });
}

}  // namespace paws::agent
