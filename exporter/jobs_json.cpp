#include "exporter/jobs_json.h"

#include "core/names.h"
#include "exporter/json_parts.h"
#include "exporter/runner_entry.h"

#include <boost/json/array.hpp>

namespace paws::exporter {

namespace json = boost::json;

namespace {

json::object usage_json(const JobUsage& usage) {
    return {{"cpu_seconds", parts::or_null(usage.cpu_seconds)},
            {"memory_peak_bytes", parts::or_null(usage.memory_peak_bytes)},
            {"oom_kills", parts::or_null(usage.oom_kills)},
            {"cpu_stall_seconds", parts::or_null(usage.cpu_stall_seconds)},
            {"memory_stall_seconds", parts::or_null(usage.memory_stall_seconds)},
            {"io_stall_seconds", parts::or_null(usage.io_stall_seconds)},
            {"disk_low_bytes", parts::or_null(usage.disk_low_bytes)},
            {"connect_errors", parts::or_null(usage.connect_errors)},
            {"queue_seconds", parts::or_null(usage.queue_seconds)}};
}

json::value identity_json(const std::optional<JobIdentity>& identity) {
    if (!identity) {
        return nullptr;
    }
    return json::object{{"repository", parts::text_or_null(identity->repository)},
                        {"workflow", parts::text_or_null(identity->workflow)},
                        {"job", parts::text_or_null(identity->job)},
                        {"run_id", identity->run_id},
                        {"run_attempt", identity->run_attempt}};
}

// A job that began before the agent could see has the same moment twice.
json::value duration(const Job& job) {
    const bool known = job.finished && job.first_line != job.last_line;
    return known || job.lost ? json::value(to_seconds(*job.finished - job.started)) : nullptr;
}

json::object with_runner(const std::string& runner, json::object job) {
    job["runner"] = parts::text(runner);
    return job;
}

bool is_wanted(const JobQuery& query, const std::string& runner) {
    return !query.result && (!query.runner || *query.runner == runner);
}

bool is_wanted(const JobQuery& query, const Job& job) {
    return !query.run_id || (job.identity && job.identity->run_id == *query.run_id);
}

json::array running(const View& view, const JobQuery& query) {
    json::array jobs;
    for (const auto& runner : view.runners()) {
        const auto* log = view.fresh(runner.log);
        if (log == nullptr || !log->job || !is_wanted(query, runner.name) ||
            !is_wanted(query, *log->job)) {
            continue;
        }
        const auto* judged = view.judged(runner);
        const auto usage = judged != nullptr ? judged->job_usage : std::nullopt;
        jobs.push_back(with_runner(
            runner.name,
            job_json({.job = *log->job, .usage = usage.value_or(JobUsage{}), .verdict = {}})));
    }
    return jobs;
}

}  // namespace

json::object job_json(const JobRecord& record) {
    const auto& [job, usage, verdict] = record;
    return {{"name", parts::text(job.name)},
            {"started", rfc3339(job.started)},
            {"finished", parts::time_or_null(job.finished)},
            {"duration_seconds", duration(job)},
            {"result", job.result ? json::value(to_string(*job.result)) : nullptr},
            {"lost_reason", job.lost ? json::value(to_string(*job.lost)) : nullptr},
            {"identity", identity_json(job.identity)},
            {"usage", usage_json(usage)},
            {"blame", verdict.blame ? json::value(to_string(*verdict.blame)) : nullptr},
            {"because", parts::text_or_null(verdict.because)}};
}

json::object jobs_json(const Snapshot& snapshot,
                       const AgentInfo& agent,
                       const JobQuery& query,
                       const std::vector<RunnerJob>& ended) {
    const View view{.snapshot = snapshot, .agent = agent};
    json::array jobs;
    for (const auto& one : ended) {
        jobs.push_back(with_runner(one.runner, job_json(one.record)));
    }
    json::object document;
    document["version"] = 1;
    document["time"] = rfc3339(agent.now.wall);
    document["running"] = running(view, query);
    document["jobs"] = std::move(jobs);
    return document;
}

}  // namespace paws::exporter
