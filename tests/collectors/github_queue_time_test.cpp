#include "tests/collectors/github_jobs_rig.h"

#include <doctest/doctest.h>

using namespace paws;
using namespace paws::collectors;
using namespace paws::collectors::jobs_rig;

TEST_CASE("github_jobs: how long the job that runs had waited, by the run that its hook names") {
    Rig rig;
    rig.facts.runners[0].api.value->busy = true;
    rig.runs_job("acme/widgets", 9, eight + 5s);
    const std::string attempt = runs + "/9/attempts/2/jobs?per_page=100";
    const auto job = [](int runner, const char* created, const char* started) {
        return R"({"name":"deploy","status":"in_progress","labels":[],"runner_id":)" +
               std::to_string(runner) + R"(,"created_at":"2026-01-12T)" + created +
               R"(Z","started_at":"2026-01-12T)" + started + R"(Z"})";
    };
    const auto say = [&](const std::string& jobs) {
        rig.github->says(attempt, R"({"total_count":3,"jobs":[)" + jobs + "]}");
    };
    say(job(7, "07:59:59", "08:00:05") + "," + job(42, "07:50:00", "07:59:04"));  // another's, and
    CHECK(rig.round(0s) == std::vector{attempt});  // one that began a minute and a second before
    CHECK(rig.runner().queue_times.empty());
    say(job(7, "07:59:59", "08:00:05") + "," + job(42, "07:58:30", "08:00:00") + "," +
        job(42, "07:50:00", "07:59:10"));
    CHECK(rig.round(60s) == std::vector{attempt});
    REQUIRE(rig.runner().queue_times.size() == 1);
    CHECK(rig.runner().queue_times[0].started == eight + 5s);
    CHECK(rig.runner().queue_times[0].seconds == 90);
    CHECK(rig.round(120s).empty());  // it is known
}

TEST_CASE("github_jobs: a job may name any run, and those of strangers are not asked about") {
    for (const auto* repository : {"evil/repo", "acme/widgets/../../x", "acme", "", "acme/other"}) {
        Rig rig;
        rig.facts.runners[0].api.value->busy = true;
        rig.runs_job(repository, 9, eight);
        CHECK_MESSAGE(rig.round(0s).empty(), repository);
    }
    Rig nameless;  // a run without its attempt
    nameless.facts.runners[0].api.value->busy = true;
    nameless.runs_job("acme/widgets", 9, eight).identity->run_attempt = 0;
    CHECK(nameless.round(0s).empty());
}

TEST_CASE("github_jobs: a runner of an organisation may run a job of any of its repositories") {
    Rig rig;
    rig.facts.runners[0].files.value->settings->github_url = "https://github.com/Acme";
    rig.runs_job("acme/x", 9, eight);
    CHECK(rig.round(0s).size() == 1);
    rig.runs_job("evil/x", 10, eight);
    CHECK(rig.round(60s).empty());
    rig.facts.runners[0].files.value->settings->github_url = "https://github.com/enterprises/big";
    CHECK(rig.round(120s).size() == 1);
}

TEST_CASE("github_jobs: no more jobs are asked about in a round than leave room for who waits") {
    Rig rig;
    rig.facts.runners[0].api.value->busy = true;
    for (std::uint64_t run = 1; run <= 20; ++run) {
        rig.ran_job("acme/widgets", run, eight + static_cast<int>(run) * 1min);
    }
    CHECK(rig.round(0s).size() == job_questions / 3);
}

TEST_CASE("github_jobs: a credential that may not ask about a job's run is told") {
    Rig rig;
    rig.facts.runners[0].api.value->busy = true;
    rig.runs_job("acme/widgets", 9, eight);
    rig.github->says(runs + "/9/attempts/2/jobs?per_page=100", "{}");
    rig.github->turns(403);
    CHECK(rig.until(0s, [&] { return rig.error().find("'Actions: read'") != std::string::npos; }));
}

TEST_CASE("github_jobs: a run that GitHub does not know is given up after a few tries") {
    Rig rig;
    rig.facts.runners[0].api.value->busy = true;
    rig.runs_job("acme/widgets", 9, eight);
    for (int tries = 0; tries < 5; ++tries) {
        CHECK(rig.round(tries * 1min).size() == 1);
        CHECK(rig.error().empty());  // a job's word is no fault of ours
    }
    CHECK(rig.round(5min).empty());
    CHECK(rig.runner().queue_times.empty());
}

TEST_CASE("github_jobs: short jobs one after the other are all asked about, each by its own run") {
    Rig rig;
    rig.facts.runners[0].api.value->busy = true;
    for (std::uint64_t run = 1; run <= 3; ++run) {
        rig.ran_job("acme/widgets", run, eight + static_cast<int>(run) * 10s);
        rig.github->says(runs + "/" + std::to_string(run) + "/attempts/1/jobs?per_page=100",
                         R"({"total_count":1,"jobs":[{"status":"completed","runner_id":42,)"
                         R"("created_at":"2026-01-12T08:00:00Z","started_at":"2026-01-12T08:00:)" +
                             std::to_string(run) + R"(0Z"}]})");
    }
    auto& log = *rig.facts.runners[0].log.value;
    log.finished[0].finished = noon.wall - 1h;  // long over when this agent began
    REQUIRE(rig.until(0s, [&] { return rig.runner().queue_times.size() == 2; }));
    CHECK(rig.runner().queue_times[0].seconds == 20);
    CHECK(rig.runner().queue_times[1].seconds == 30);
    log.finished.erase(log.finished.begin(), log.finished.begin() + 2);
    rig.tick(1s);
    REQUIRE(rig.runner().queue_times.size() == 1);
    CHECK(rig.runner().queue_times[0].seconds == 30);
}
