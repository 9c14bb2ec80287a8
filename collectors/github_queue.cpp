#include "collectors/github_queue.h"

#include <algorithm>

namespace paws::collectors {

namespace {

// GitHub's clock and ours differ, and its runner begins a moment after it said so.
constexpr std::chrono::nanoseconds as_near_as = std::chrono::minutes{1};

}  // namespace

Result<void> GithubQueue::add_runs(const std::string& scope,
                                   const std::string& status,
                                   std::vector<std::uint64_t>& runs,
                                   Queue& queue,
                                   GithubLimits& said) {
    auto answer =
        runs_.read(client_, scope + "/actions/runs?status=" + status + "&per_page=100", said);
    if (!answer) {
        return answer.error();
    }
    const auto& page = answer->page;
    runs.insert(runs.end(), page.ids.begin(), page.ids.end());
    queue.whole = queue.whole && page.ids.size() >= page.total;
    return {};
}

Result<void> GithubQueue::add_jobs(const std::string& scope,
                                   std::uint64_t run,
                                   Queue& queue,
                                   GithubLimits& said) {
    auto answer = jobs_.read(
        client_,
        scope + "/actions/runs/" + std::to_string(run) + "/jobs?filter=latest&per_page=100",
        said);
    if (!answer) {
        return answer.error();
    }
    auto& [page, date] = *answer;
    queue.whole = queue.whole && page.jobs.size() >= page.total;
    for (auto& job : page.jobs) {
        if (job.status == "queued" && job.created) {
            queue.jobs.push_back({.run_id = run,
                                  .name = std::move(job.name),
                                  .labels = std::move(job.labels),
                                  .seconds = std::max(0.0, to_seconds(date - *job.created))});
        }
    }
    return {};
}

// A run whose first jobs are under way may hold others that wait.
Result<Queue> GithubQueue::waiting(const std::string& scope,
                                   unsigned& questions,
                                   GithubLimits& said) {
    Queue queue{.jobs = {}, .whole = true, .answered = client_.now()};
    std::vector<std::uint64_t> runs;
    for (const auto* status : {"queued", "in_progress"}) {
        questions -= std::min(questions, 1U);
        if (const auto added = add_runs(scope, status, runs, queue, said); !added) {
            return added.error();
        }
    }
    std::ranges::sort(runs);  // ids rise
    for (const auto run : runs) {
        if (questions == 0) {
            queue.whole = false;
            break;
        }
        --questions;
        if (const auto added = add_jobs(scope, run, queue, said); !added) {
            return added.error();
        }
    }
    return queue;
}

// One runner may take several jobs of one run: the one that began nearest is meant.
Result<std::optional<double>> GithubQueue::queue_seconds(const JobIdentity& run,
                                                         std::uint64_t runner_id,
                                                         WallTime began,
                                                         GithubLimits& said) {
    const auto answer =
        jobs_.read(client_,
                   "/repos/" + run.repository + "/actions/runs/" + std::to_string(run.run_id) +
                       "/attempts/" + std::to_string(run.run_attempt) + "/jobs?per_page=100",
                   said);
    if (!answer) {
        return answer.error();
    }
    std::optional<double> found;
    auto nearest = as_near_as;
    for (const auto& job : answer->page.jobs) {
        if (job.runner_id != runner_id || !job.created || !job.started) {
            continue;
        }
        const auto off = std::chrono::abs(*job.started - began);
        if (off <= nearest) {
            nearest = off;
            found = std::max(0.0, to_seconds(*job.started - *job.created));
        }
    }
    return found;
}

}  // namespace paws::collectors
