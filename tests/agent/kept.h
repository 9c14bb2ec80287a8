// What the tests of the store and of the history begin with: a database in a place of its own, and
// something to keep in it.

#pragma once

#include "agent/store.h"
#include "tests/support/temporary_directory.h"

#include <fstream>
#include <iterator>
#include <string>
#include <utility>

#include <SQLiteCpp/SQLiteCpp.h>
#include <doctest/doctest.h>

namespace paws::agent::kept {

using namespace std::chrono_literals;

inline constexpr WallTime noon{std::chrono::sys_days{std::chrono::March / 1 / 2026} + 12h};
inline constexpr const char* unit = "actions.runner.acme.one.service";

inline RunnerCounters some_counters(std::uint64_t succeeded) {
    RunnerCounters counters;
    counters.jobs = {{JobResult::succeeded, succeeded}, {JobResult::lost, 1}};
    counters.lost = {{LostReason::worker_gone, 1}};
    counters.job_durations[0] = 2;
    counters.job_durations.back() = 3;
    counters.job_duration_sum_seconds = 1234.5;
    counters.connect_errors = 7;
    counters.listener_exits = {{"null", 4}, {"-2", 5}};
    return counters;
}

inline RunnerTally tally(std::uint64_t succeeded) {
    return {.unit = unit,
            .tally = {.counters = some_counters(succeeded),
                      .counted_to = "cursor " + std::to_string(succeeded),
                      .given_up = GivenUpJob{.first_line = noon - 1h, .name = "a"}}};
}

inline const JobIdentity some_run{
    .repository = "acme/widgets", .workflow = "CI", .job = "build", .run_id = 42, .run_attempt = 1};

inline RunnerJob ended(const std::string& name,
                       WallTime at,
                       JobResult result = JobResult::succeeded) {
    RunnerJob ended{.runner = "acme.one", .record = {}};
    auto& [job, usage, verdict] = ended.record;
    verdict = {.blame = Blame::host, .because = "the disk it worked on was full"};
    job.name = name;
    job.started = at - 1min;
    job.first_line = job.started;
    job.finished = at;
    job.last_line = at;
    job.result = result;
    usage.cpu_seconds = 42.5;
    usage.disk_low_bytes = 1'000'000'000'000;
    return ended;
}

struct Place {
    TemporaryDirectory directory;
    std::string path = directory.path() / "paws.db";
};

inline StoreFile opened(const std::string& path, StoreBounds bounds = {}) {
    auto file = StoreFile::open(path, bounds);
    INFO((file ? "" : file.error().what));
    REQUIRE(file);
    return std::move(*file);
}

inline void write(StoreFile& file, const Changes& changes) {
    const auto saved = file.save(changes, noon);
    INFO((saved ? "" : saved.error().what));
    REQUIRE(saved);
}

// Those of the third schema.
inline void drop_log_tables(SQLite::Database& database) {
    for (const auto* table : {"place", "keys", "traces", "files", "counters", "quarantine"}) {
        database.exec("DROP TABLE log_" + std::string{table});
    }
}

// Read as another process would, without making or changing the file.
inline std::int64_t number_in(const std::string& path, const char* question) {
    try {
        const SQLite::Database reader{path, SQLite::OPEN_READONLY, 2000};
        SQLite::Statement asked{reader, question};
        return asked.executeStep() ? asked.getColumn(0).getInt64() : 0;
    } catch (const SQLite::Exception&) {
        return -1;
    }
}

inline std::string bytes_of(const std::string& path) {
    std::ifstream file{path, std::ios::binary};
    return {std::istreambuf_iterator<char>{file}, {}};
}

}  // namespace paws::agent::kept
