#include "agent/job_rows.h"

#include "agent/rows.h"
#include "core/names.h"

#include <string>

namespace paws::agent {

namespace {

using namespace rows;

constexpr const char* columns =
    "runner, name, first_line, last_line, started, finished, result, lost, repository, workflow, "
    "job, run_id, run_attempt, cpu_seconds, memory_peak_bytes, oom_kills, cpu_stall_seconds, "
    "memory_stall_seconds, io_stall_seconds, disk_low_bytes, connect_errors, queue_seconds, "
    "blame, because";
constexpr const char* values = "?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?";

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
    bind_measured(bind, usage);
    bind.number(usage.queue_seconds);
    bind.word(verdict.blame);
    bind.text(verdict.because);
}

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
    usage = read_measured(read);
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
