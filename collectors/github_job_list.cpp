#include "collectors/github_job_list.h"

#include "collectors/github_json.h"
#include "core/text.h"

namespace paws::collectors {

namespace {

namespace json = boost::json;
using github_json::find;
using github_json::find_list;
using github_json::number;
using github_json::parse_object;
using github_json::text;

ListedJob describe(const json::value& job) {
    const bool queued = text(find(job, "status")) == "queued";
    return {.queued = queued,
            .name = queued ? printable(text(find(job, "name"))) : "",
            .labels = github_json::labels_of(queued ? find_list(job, "labels") : nullptr),
            .runner_id = number(find(job, "runner_id")),
            .created = github_json::time_of(text(find(job, "created_at"))),
            .started = github_json::time_of(text(find(job, "started_at")))};
}

}  // namespace

Result<RunsPage> parse_runs_page(std::string_view json) {
    const auto parsed = parse_object(json);
    if (!parsed) {
        return parsed.error();
    }
    const auto total = number(find(*parsed, "total_count"));
    const auto* runs = find_list(*parsed, "workflow_runs");
    if (!total || runs == nullptr) {
        return Error{Errc::malformed, "is not a list of workflow runs"};
    }
    RunsPage page{.total = *total, .ids = {}};
    for (const auto& run : *runs) {
        const auto id = number(find(run, "id"));
        if (!id) {
            return Error{Errc::malformed, "lists a workflow run without an id"};
        }
        page.ids.push_back(*id);
    }
    return page;
}

Result<JobsPage> parse_jobs_page(std::string_view json) {
    const auto parsed = parse_object(json);
    if (!parsed) {
        return parsed.error();
    }
    const auto total = number(find(*parsed, "total_count"));
    const auto* jobs = find_list(*parsed, "jobs");
    if (!total || jobs == nullptr) {
        return Error{Errc::malformed, "is not a list of jobs"};
    }
    JobsPage page{.total = *total, .jobs = {}};
    for (const auto& job : *jobs) {
        page.jobs.push_back(describe(job));
    }
    return page;
}

}  // namespace paws::collectors
