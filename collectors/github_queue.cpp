#include "collectors/github_queue.h"

#include <algorithm>
#include <array>

namespace paws::collectors {

namespace {

// GitHub's clock and ours differ, and its runner begins a moment after it said so.
constexpr std::chrono::nanoseconds as_near_as = std::chrono::minutes{1};

// A run whose other jobs are under way, or wait for a person or a concurrency group, may hold some
// that wait for a runner. What is under way comes first: it may become queued meanwhile.
constexpr std::array<const char*, run_lists> open_states{
    "in_progress", "waiting", "pending", "queued"};

}  // namespace

Result<std::vector<std::uint64_t>> GithubQueue::runs_of(const std::string& scope,
                                                        const MayAsk& may_ask,
                                                        Queue& queue,
                                                        GithubLimits& said) {
    std::vector<std::uint64_t> runs;
    for (const auto* state : open_states) {
        if (!may_ask()) {
            queue.whole = false;
            break;
        }
        const auto answer =
            runs_.read(client_, scope + "/actions/runs?status=" + state + "&per_page=100", said);
        if (!answer) {
            return answer.error();
        }
        const auto& page = answer->page;
        runs.insert(runs.end(), page.ids.begin(), page.ids.end());
        queue.whole = queue.whole && page.ids.size() >= page.total;
    }
    std::ranges::sort(runs);  // ids rise with time
    runs.erase(std::unique(runs.begin(), runs.end()), runs.end());
    return runs;
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
        if (!job.queued) {
            continue;
        }
        if (!job.created) {
            queue.whole = false;
            continue;
        }
        queue.jobs.push_back({.run_id = run,
                              .name = std::move(job.name),
                              .labels = std::move(job.labels),
                              .seconds = std::max(0.0, to_seconds(date - *job.created))});
    }
    return {};
}

Result<Queue> GithubQueue::waiting(const std::string& scope,
                                   const MayAsk& may_ask,
                                   GithubLimits& said) {
    Queue queue;
    const auto runs = runs_of(scope, may_ask, queue, said);
    if (!runs) {
        return runs.error();
    }
    for (const auto run : *runs) {
        if (!may_ask()) {
            queue.whole = false;
            break;
        }
        if (const auto added = add_jobs(scope, run, queue, said); !added) {
            return added.error();
        }
    }
    queue.answered = client_.now();
    return queue;
}

// One runner may take several jobs of one run: the one that began nearest is meant.
Result<std::optional<double>> GithubQueue::queue_seconds(const JobIdentity& run,
                                                         std::uint64_t runner_id,
                                                         WallTime began,
                                                         GithubLimits& said) {
    const auto answer =
        client_.get("/repos/" + run.repository + "/actions/runs/" + std::to_string(run.run_id) +
                        "/attempts/" + std::to_string(run.run_attempt) + "/jobs?per_page=100",
                    "",
                    said);
    if (!answer) {
        return answer.error();
    }
    const auto page = parse_jobs_page(answer->body);
    if (!page) {
        return page.error();
    }
    std::optional<double> found;
    auto nearest = as_near_as;
    for (const auto& job : page->jobs) {
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

void GithubQueue::end_round() {
    runs_.end_round();
    jobs_.end_round();
}

}  // namespace paws::collectors
