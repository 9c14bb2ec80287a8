// GitHub queue: the jobs of a repository that wait for a runner, and how long one had waited.
// Blocks. No answer tells that at once: runs are listed, then the jobs of each, oldest first, as
// far as the questions go.

#pragma once

#include "collectors/github_client.h"
#include "collectors/github_job_list.h"
#include "collectors/github_pages.h"
#include "core/job.h"

#include <functional>
#include <optional>
#include <string>
#include <utility>
#include <vector>

namespace paws::collectors {

struct QueuedJob {
    std::uint64_t run_id = 0;
    std::string name;
    std::vector<std::string> labels;
    double seconds = 0;  // since its creation, by GitHub's clock
};

struct Queue {
    std::vector<QueuedJob> jobs;
    bool whole = true;  // false: there may be more
    Now answered;
};

// Questions that lists of runs take, before the first is asked about.
inline constexpr unsigned run_lists = 4;

class GithubQueue {
public:
    // Asked before each question: whether there may be one more.
    using MayAsk = std::function<bool()>;

    explicit GithubQueue(GithubClient client) : client_{std::move(client)} {}

    // Of "/repos/OWNER/NAME".
    Result<Queue> waiting(const std::string& scope, const MayAsk& may_ask, GithubLimits& said);

    // Absent while GitHub knows no job of that run on that runner that began at about that time.
    Result<std::optional<double>> queue_seconds(const JobIdentity& run,
                                                std::uint64_t runner_id,
                                                WallTime began,
                                                GithubLimits& said);
    void end_round();  // what was not asked for in it is forgotten
    Now now() const { return client_.now(); }

private:
    Result<std::vector<std::uint64_t>> runs_of(const std::string& scope,
                                               const MayAsk& may_ask,
                                               Queue& queue,
                                               GithubLimits& said);
    Result<void> add_jobs(const std::string& scope,
                          std::uint64_t run,
                          Queue& queue,
                          GithubLimits& said);

    GithubClient client_;
    GithubPages<RunsPage> runs_{"GitHub's list of workflow runs", parse_runs_page};
    GithubPages<JobsPage> jobs_{"GitHub's list of jobs", parse_jobs_page};
};

}  // namespace paws::collectors
