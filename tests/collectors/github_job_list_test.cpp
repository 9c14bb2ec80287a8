#include "collectors/github_job_list.h"

#include "tests/collectors/bad_inputs.h"

#include <doctest/doctest.h>

using namespace paws;
using namespace paws::collectors;
using namespace std::chrono_literals;

TEST_CASE("parse_runs_page: the ids of runs, as GitHub shapes them") {
    const auto page = parse_runs_page(
        R"({"total_count": 3, "workflow_runs": [{"id": 30, "status": "queued"}, {"id": 9}]})");
    REQUIRE(page);
    CHECK(page->total == 3);
    CHECK(page->ids == std::vector<std::uint64_t>{30, 9});
}

TEST_CASE("parse_jobs_page: what is read of a job") {
    const auto page = parse_jobs_page(R"({"total_count": 2, "jobs": [
        {"id": 1, "run_id": 30, "name": "build\n\u001b[31m", "status": "queued",
         "created_at": "2026-01-12T08:00:00Z", "started_at": "2026-01-12T08:00:00Z",
         "labels": ["self-hosted", "GPU"], "runner_id": null, "steps": []},
        {"name": "test", "status": "in_progress", "created_at": "2026-01-12T08:00:00Z",
         "started_at": "2026-01-12T08:01:30Z", "labels": [], "runner_id": 42}]})");
    REQUIRE(page);
    CHECK(page->total == 2);
    REQUIRE(page->jobs.size() == 2);
    const auto& queued = page->jobs[0];
    CHECK(queued.name.find_first_of("\n\x1B") == std::string::npos);
    CHECK(queued.queued);
    CHECK(queued.labels == std::vector<std::string>{"self-hosted", "gpu"});
    CHECK_FALSE(queued.runner_id);
    const auto& running = page->jobs[1];
    CHECK_FALSE(running.queued);
    CHECK(running.name.empty());
    CHECK(running.runner_id == 42);
    REQUIRE(running.created);
    REQUIRE(running.started);
    CHECK(*running.started - *running.created == 90s);
}

TEST_CASE("parse_jobs_page: a time in any other form is none") {
    for (const auto* text : {"2026-01-12 08:00:00Z",
                             "2026-01-12T08:00:00+01:00",
                             "2026-01-12T08:00:00.123Z",
                             "2026-13-12T08:00:00Z",
                             "2026-01-12T08:00Z",
                             "T",
                             ""}) {
        const auto page = parse_jobs_page(R"({"total_count": 1, "jobs": [{"created_at": ")" +
                                          std::string{text} + R"("}]})");
        REQUIRE(page);
        CHECK_FALSE_MESSAGE(page->jobs[0].created, text);
    }
}

TEST_CASE("parse_runs_page, parse_jobs_page: what is no list says nothing") {
    auto inputs = bad_inputs();
    for (const auto* text : {"{}",
                             "[]",
                             R"({"total_count": 1})",
                             R"({"total_count": 1, "workflow_runs": {}, "jobs": 1})",
                             R"({"total_count": "1", "workflow_runs": [], "jobs": []})",
                             R"({"workflow_runs": [], "jobs": []})"}) {
        inputs.emplace_back(text);
    }
    for (const auto& input : inputs) {
        CHECK_FALSE(parse_runs_page(input));
        CHECK_FALSE(parse_jobs_page(input));
    }
    CHECK_FALSE(parse_runs_page(R"({"total_count": 1, "workflow_runs": [{"name": "x"}]})"));
}
