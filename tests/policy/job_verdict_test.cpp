#include "policy/job_verdict.h"

#include "core/names.h"

#include <chrono>
#include <string>
#include <vector>

#include <doctest/doctest.h>

using namespace paws;
using namespace paws::policy;
using namespace std::chrono_literals;

namespace {

constexpr WallTime noon{500'000h};

Job ended(JobResult result, std::optional<LostReason> lost = {}) {
    Job job;
    job.name = "build";
    job.started = noon;
    job.finished = noon + 100s;
    job.result = result;
    job.lost = lost;
    return job;
}

}  // namespace

TEST_CASE("job verdict: nobody is to blame for a job that runs or went well") {
    CHECK_FALSE(judge_job(Job{}, {}).blame);
    for (const auto result :
         {JobResult::succeeded, JobResult::succeeded_with_issues, JobResult::skipped}) {
        CHECK_FALSE(judge_job(ended(result), JobUsage{.oom_kills = 3}).blame);
    }
}

TEST_CASE("job verdict: what the host did to a job comes before what it did itself") {
    struct Row {
        Job job;
        JobUsage usage;
        Blame blame;
        std::string because;
    };
    const std::vector<Row> rows{
        {ended(JobResult::failed), {}, Blame::job, "nothing on this host"},
        {ended(JobResult::failed), {.oom_kills = 1}, Blame::host, "the kernel killed 1 process of"},
        {ended(JobResult::lost), {.oom_kills = 2}, Blame::host, "the kernel killed 2 processes"},
        {ended(JobResult::failed), {.disk_low_bytes = 99'999'999}, Blame::host, "the disk"},
        {ended(JobResult::failed), {.disk_low_bytes = 100'000'000}, Blame::job, "nothing"},
        {ended(JobResult::failed),
         {.memory_stall_seconds = 51},
         Blame::host,
         "it waited for memory"},
        {ended(JobResult::failed), {.memory_stall_seconds = 50}, Blame::job, "nothing"},
        {ended(JobResult::canceled), {}, Blame::job, "it was canceled"},
        {ended(JobResult::abandoned), {.connect_errors = 2}, Blame::network, "its lease was lost"},
        {ended(JobResult::abandoned), {}, Blame::github, "its lease was lost, without"},
        {ended(JobResult::lost, LostReason::listener_exit),
         {},
         Blame::runner,
         "its listener ended"},
        {ended(JobResult::lost, LostReason::listener_exit),
         {.connect_errors = 1},
         Blame::network,
         "its runner lost GitHub: 1 connect error"},
        {ended(JobResult::lost, LostReason::worker_gone), {}, Blame::runner, "its worker ended"},
        {ended(JobResult::lost, LostReason::session_restart), {}, Blame::github, "GitHub gave"},
        {ended(JobResult::lost, LostReason::superseded), {}, Blame::unknown, "the runner began"},
    };
    for (const auto& row : rows) {
        const auto verdict = judge_job(row.job, row.usage);
        CAPTURE(row.because);
        REQUIRE(verdict.blame);
        CHECK(to_string(*verdict.blame) == to_string(row.blame));
        CHECK_MESSAGE(verdict.because.starts_with(row.because), verdict.because);
    }
}
