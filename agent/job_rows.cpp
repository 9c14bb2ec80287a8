#include "agent/job_rows.h"

#include "core/names.h"

#include <algorithm>
#include <array>
#include <cstdint>
#include <string>

#include <SQLiteCpp/SQLiteCpp.h>

namespace paws::agent {

namespace {

constexpr const char* columns =
    "runner, name, first_line, last_line, started, finished, result, lost, repository, workflow, "
    "job, run_id, run_attempt, cpu_seconds, memory_peak_bytes, oom_kills, cpu_stall_seconds, "
    "memory_stall_seconds, io_stall_seconds, disk_low_bytes, connect_errors, queue_seconds, "
    "blame, because";
constexpr const char* values = "?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?";

std::int64_t nanoseconds(WallTime time) {
    return time.time_since_epoch().count();
}
WallTime moment(const SQLite::Column& column) {
    return WallTime{std::chrono::nanoseconds{column.getInt64()}};
}

// SQLite's integers have a sign; what is beyond them is no count of ours.
std::int64_t whole(std::uint64_t number) {
    return static_cast<std::int64_t>(std::min<std::uint64_t>(number, INT64_MAX));
}

// Binds one value after the other.
class Binder {
public:
    explicit Binder(SQLite::Statement& statement) : statement_{statement} {}

    void text(const std::string& value) { statement_.bind(++at_, value); }
    void time(WallTime value) { statement_.bind(++at_, nanoseconds(value)); }
    void number(const std::optional<double>& value) {
        value ? statement_.bind(++at_, *value) : statement_.bind(++at_);
    }
    void number(const std::optional<std::uint64_t>& value) {
        value ? statement_.bind(++at_, whole(*value)) : statement_.bind(++at_);
    }
    template <class Word>
    void word(const std::optional<Word>& value) {
        value ? statement_.bind(++at_, std::string{to_string(*value)}) : statement_.bind(++at_);
    }
    void nothing() { statement_.bind(++at_); }

private:
    SQLite::Statement& statement_;
    int at_ = 0;
};

void bind_identity(Binder& bind, const std::optional<JobIdentity>& identity) {
    if (!identity) {
        for (int column = 0; column < 5; ++column) {
            bind.nothing();
        }
        return;
    }
    bind.text(identity->repository);
    bind.text(identity->workflow);
    bind.text(identity->job);
    bind.number(std::optional{identity->run_id});
    bind.number(std::optional<std::uint64_t>{identity->run_attempt});
}

void bind(SQLite::Statement& statement, const RunnerJob& ended) {
    const auto& [job, usage, verdict] = ended.record;
    Binder bind{statement};
    bind.text(ended.runner);
    bind.text(job.name);
    bind.time(job.first_line);
    bind.time(job.last_line);
    bind.time(job.started);
    bind.time(job.finished.value_or(job.started));
    bind.word(job.result);
    bind.word(job.lost);
    bind_identity(bind, job.identity);
    bind.number(usage.cpu_seconds);
    bind.number(usage.memory_peak_bytes);
    bind.number(usage.oom_kills);
    bind.number(usage.cpu_stall_seconds);
    bind.number(usage.memory_stall_seconds);
    bind.number(usage.io_stall_seconds);
    bind.number(usage.disk_low_bytes);
    bind.number(usage.connect_errors);
    bind.number(usage.queue_seconds);
    bind.word(verdict.blame);
    bind.text(verdict.because);
}

// Reads one value after the other.
class Reader {
public:
    explicit Reader(SQLite::Statement& statement) : statement_{statement} {}

    std::string text() { return next().getString(); }
    WallTime time() { return moment(next()); }
    std::optional<double> number() {
        const auto column = next();
        return column.isNull() ? std::nullopt : std::optional{column.getDouble()};
    }
    std::optional<std::uint64_t> count() {
        const auto column = next();
        return column.isNull() ? std::nullopt
                               : std::optional{static_cast<std::uint64_t>(column.getInt64())};
    }
    template <class Words>
    std::optional<typename Words::value_type> word(const Words& words) {
        const auto written = text();
        const auto* const found =
            std::ranges::find_if(words, [&](auto each) { return to_string(each) == written; });
        return found == words.end() ? std::nullopt : std::optional{*found};
    }

private:
    SQLite::Column next() { return statement_.getColumn(at_++); }

    SQLite::Statement& statement_;
    int at_ = 0;
};

std::optional<JobIdentity> read_identity(Reader& read) {
    JobIdentity identity;
    identity.repository = read.text();
    identity.workflow = read.text();
    identity.job = read.text();
    const auto run = read.count();
    identity.run_id = run.value_or(0);
    identity.run_attempt = static_cast<std::uint32_t>(read.count().value_or(0));
    return run ? std::optional{identity} : std::nullopt;
}

RunnerJob job_of(SQLite::Statement& statement) {
    Reader read{statement};
    RunnerJob ended;
    auto& [job, usage, verdict] = ended.record;
    ended.runner = read.text();
    job.name = read.text();
    job.first_line = read.time();
    job.last_line = read.time();
    job.started = read.time();
    job.finished = read.time();
    job.result = read.word(job_results);
    job.lost = read.word(lost_reasons);
    job.identity = read_identity(read);
    usage.cpu_seconds = read.number();
    usage.memory_peak_bytes = read.count();
    usage.oom_kills = read.count();
    usage.cpu_stall_seconds = read.number();
    usage.memory_stall_seconds = read.number();
    usage.io_stall_seconds = read.number();
    usage.disk_low_bytes = read.count();
    usage.connect_errors = read.count();
    usage.queue_seconds = read.number();
    verdict.blame = read.word(blames);
    verdict.because = read.text();
    return ended;
}

}  // namespace

void insert_jobs(SQLite::Database& database, const std::vector<RunnerJob>& jobs) {
    SQLite::Statement insert{
        database,
        std::string{"INSERT INTO jobs("} + columns + ") VALUES (" + values +
            ") ON CONFLICT(runner, last_line, name) DO UPDATE SET "
            "repository = coalesce(jobs.repository, excluded.repository), "
            "workflow = coalesce(jobs.workflow, excluded.workflow), "
            "job = coalesce(jobs.job, excluded.job), "
            "run_id = coalesce(jobs.run_id, excluded.run_id), "
            "run_attempt = coalesce(jobs.run_attempt, excluded.run_attempt), "
            "queue_seconds = coalesce(jobs.queue_seconds, excluded.queue_seconds) "
            "WHERE jobs.run_id IS NULL OR jobs.queue_seconds IS NULL"};
    for (const auto& job : jobs) {
        bind(insert, job);
        insert.exec();
        insert.reset();
    }
}

std::vector<RunnerJob> select_jobs(SQLite::Database& database, const JobQuery& query) {
    SQLite::Statement select{
        database,
        std::string{"SELECT "} + columns +
            " FROM jobs WHERE (?1 IS NULL OR runner = ?1) AND (?2 IS NULL OR result = ?2) "
            "AND (?3 IS NULL OR finished >= ?3) AND (?4 IS NULL OR run_id = ?4) "
            "ORDER BY finished DESC, id DESC LIMIT ?5"};
    if (query.runner) {
        select.bind(1, *query.runner);
    }
    if (query.result) {
        select.bind(2, std::string{to_string(*query.result)});
    }
    if (query.since) {
        select.bind(3, nanoseconds(*query.since));
    }
    if (query.run_id) {
        select.bind(4, whole(*query.run_id));
    }
    select.bind(5, whole(std::min(query.limit, job_query_limit)));
    std::vector<RunnerJob> jobs;
    while (select.executeStep()) {
        jobs.push_back(job_of(select));
    }
    return jobs;
}

}  // namespace paws::agent
