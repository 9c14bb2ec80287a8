#include "tests/collectors/github_jobs_rig.h"

#include <doctest/doctest.h>

using namespace paws;
using namespace paws::collectors;
using namespace paws::collectors::jobs_rig;

TEST_CASE("github_jobs: the job that waits longest of those that the runner's labels fit") {
    Rig rig;
    rig.github->has_runs({30, 20, 10});
    rig.github->has_job(10, R"("self-hosted","windows")", "08:00:00");
    rig.github->has_job(20, R"("self-hosted","GPU")", "08:04:00");
    rig.github->has_job(30, R"("self-hosted")", "08:09:00");
    REQUIRE(rig.until(0s, [&] { return rig.told(); }));
    const auto& longest = rig.runner().waiting.value->longest;
    REQUIRE(longest);
    CHECK(longest->run_id == 20);
    CHECK(longest->name == "deploy");
    CHECK(longest->seconds == 360);  // by GitHub's own clock
    CHECK(rig.runner().waiting.taken.boot == noon.boot);
    CHECK(rig.github->count() == 4 + 3);
    CHECK(rig.error().empty());
}

TEST_CASE(
    "github_jobs: a job that waits in a run under way counts, and one without labels does not") {
    Rig rig;
    rig.github->says(active_runs, R"({"total_count":2,"workflow_runs":[{"id":8},{"id":7}]})");
    rig.github->has_job(7, "", "07:00:00");
    rig.github->has_job(8, R"("linux")", "08:00:00");
    REQUIRE(rig.until(0s, [&] { return rig.told(); }));
    REQUIRE(rig.runner().waiting.value->longest);
    CHECK(rig.runner().waiting.value->longest->run_id == 8);
}

TEST_CASE("github_jobs: that none waits is known of a whole list only") {
    Rig rig;
    REQUIRE(rig.until(0s, [&] { return rig.told(); }));
    CHECK_FALSE(rig.runner().waiting.value->longest);

    rig.github->has_runs({5}, 250);
    rig.github->has_job(5, R"("windows")", "08:00:00");
    CHECK(rig.until(60s, [&] { return !rig.told(); }));
}

TEST_CASE("github_jobs: a round asks a bounded number of questions, the oldest runs first") {
    Rig rig;
    std::vector<std::uint64_t> many;
    for (std::uint64_t run = 100; run > 0; --run) {
        many.push_back(run);
        rig.github->has_job(run, R"("windows")", "08:00:00");
    }
    rig.github->has_runs(many);
    // A repository's share of what is not kept for how long jobs had waited: sixteen for two.
    const auto asked = rig.round(0s);
    CHECK(asked.size() == 8);
    CHECK(asked.back() == jobs_of(4));
    CHECK_FALSE(rig.told());
}

TEST_CASE("github_jobs: what was told of a repository is forgotten with the runner that named it") {
    Rig rig;
    REQUIRE(rig.until(0s, [&] { return rig.told(); }));
    auto& url = rig.facts.runners[0].files.value->settings->github_url;
    const auto first = std::exchange(url, "https://github.com/acme/other");
    rig.tick(1s);
    CHECK_FALSE(rig.told());
    url = first;
    rig.tick(2s);
    CHECK_FALSE(rig.told());
}

TEST_CASE(
    "github_jobs: nobody asks for one that is busy, offline, unlisted or not a repository's") {
    Rig rig;
    rig.facts.runners[0].api.value->busy = true;
    rig.add("b", 43, "https://github.com/acme");
    rig.add("c", 44, "https://ghes.example/acme/widgets");
    rig.add("d", 45).api.value.reset();
    rig.add("e", 46).api.value->registration = Registration::offline;
    CHECK(rig.round(0s).empty());
    CHECK_FALSE(rig.told());
    rig.facts.runners[0].api.value->busy = false;
    CHECK(rig.round(60s).size() == 4);
}

TEST_CASE("github_jobs: a failure is told, changes no fact, and is repeated less and less often") {
    Rig rig;
    REQUIRE(rig.until(0s, [&] { return rig.told(); }));
    const auto fails = [&](std::chrono::nanoseconds at, unsigned status, const std::string& words) {
        rig.github->turns(status);
        rig.facts.runners[0].api.taken = later(at);
        return rig.until(at, [&] { return rig.error().find(words) != std::string::npos; });
    };
    REQUIRE(fails(60s, 403, "'Actions: read' for jobs"));
    CHECK(rig.error().find("repos/acme/widgets: ") == 0);
    CHECK(rig.told());
    REQUIRE(fails(180s, 500, "answers 500"));
    const auto asked = rig.github->count();
    rig.github->turns(200);
    for (auto at = 185s; at < 360s; at += 5s) {
        rig.is_left_alone(at);
    }
    rig.facts.runners[0].api.taken = later(360s);
    CHECK(rig.until(360s, [&] { return rig.error().empty(); }));
    CHECK(rig.github->count() == asked + 4);
}

TEST_CASE("github_jobs: a repository that cannot be asked about is told and slows no other down") {
    Rig rig;
    rig.add("astray", 43, "https://github.com/acme/a-that-is-not");
    REQUIRE(rig.until(0s, [&] { return rig.told() && !rig.error().empty(); }));
    CHECK(rig.error().find("repos/acme/a-that-is-not: ") == 0);
    for (auto at = 60s; at <= 300s; at += 60s) {
        for (auto& runner : rig.facts.runners) {
            runner.api.taken = later(at);
        }
        const auto asked = rig.github->count();
        CHECK(rig.until(at, [&] { return rig.github->count() == asked + 5; }));
    }
}

TEST_CASE("github_jobs: many repositories are asked in turns") {
    Rig rig;
    for (std::uint64_t more = 1; more <= 5; ++more) {
        const auto name = "other-" + std::to_string(more);
        rig.add(name, 42 + more, "https://github.com/acme/" + name);
        rig.github->has_no_runs("/repos/acme/" + name + "/actions/runs");
    }
    const auto known = [&] {
        return std::ranges::count_if(rig.facts.runners, [](const Runner& runner) {
            return runner.waiting.value.has_value();
        });
    };
    REQUIRE(rig.until(0s, [&] { return known() == 3; }));
    for (auto& runner : rig.facts.runners) {
        runner.api.taken = later(60s);
    }
    CHECK(rig.until(60s, [&] { return known() == 6; }));
}

TEST_CASE("github_jobs: nothing is asked with what others may need of the rate limit") {
    Rig rig;
    rig.github->left = 999;
    rig.tick(0s);
    CHECK(rig.until(0s, [&] { return rig.github->count() == 1; }));
    CHECK(rig.until(60s, [&] { return rig.github->count() == 2; }));
    CHECK_FALSE(rig.told());
}

TEST_CASE(
    "github_jobs: labels that GitHub did not tell, and a time that cannot be read, are unknown") {
    Rig rig;
    rig.facts.runners[0].api.value->labels.clear();
    rig.github->has_runs({5});
    rig.github->has_job(5, R"("linux")", "08:00:00");
    REQUIRE(rig.until(0s, [&] { return rig.github->count() == 5; }));
    rig.tick(1s);
    CHECK_FALSE(rig.told());
    rig.facts.runners[0].api.value->labels = {"linux"};
    CHECK(rig.until(2s, [&] { return rig.told(); }));
    rig.github->has_job(5, R"("linux")", "eight");
    CHECK(rig.until(60s, [&] { return !rig.told(); }));
}

TEST_CASE("github_jobs: an old error goes when there is nothing to ask for any more") {
    Rig rig;
    rig.github->status = 403;
    REQUIRE(rig.until(0s, [&] { return !rig.error().empty(); }));
    rig.facts.runners[0].api.value->busy = true;
    for (auto at = 60s; at < 20min; at += 60s) {
        rig.tick(at);
    }
    CHECK(rig.error().empty());
}

TEST_CASE("github_jobs: what is unchanged costs nothing, and waits longer all the same") {
    Rig rig;
    rig.github->has_runs({5});
    rig.github->has_job(5, R"("linux")", "08:00:00");
    REQUIRE(rig.until(0s, [&] { return rig.told(); }));
    CHECK(rig.runner().waiting.value->longest->seconds == 600);
    rig.github->date = "Mon, 12 Jan 2026 08:11:00 GMT";
    CHECK(rig.until(60s, [&] { return rig.runner().waiting.value->longest->seconds == 660; }));
}

TEST_CASE("github_jobs: GitHub's wish to be left alone is obeyed") {
    Rig rig;
    rig.github->turns(429, {{"Retry-After", "300"}});
    REQUIRE(rig.until(0s, [&] { return !rig.error().empty(); }));
    CHECK(rig.github->count() == 1);
    rig.github->turns(200);
    for (auto at = 5s; at < 300s; at += 5s) {
        rig.is_left_alone(at);
    }
    rig.facts.runners[0].api.taken = later(300s);
    CHECK(rig.until(300s, [&] { return rig.told(); }));
    CHECK(rig.github->count() == 1 + 4);
}

TEST_CASE("github_jobs: of a run that was not open for a round nothing is remembered") {
    Rig rig;
    const auto remembered = [&] {
        const std::lock_guard lock{rig.github->mutex};
        return std::ranges::count(rig.github->remembered, jobs_of(5));
    };
    rig.github->has_job(5, R"("linux")", "08:00:00");
    rig.github->has_runs({5});
    rig.round(0s);
    CHECK(remembered() == 0);
    rig.round(60s);
    CHECK(remembered() == 1);
    rig.github->has_runs({});
    rig.round(120s);
    rig.github->has_runs({5});
    rig.round(180s);
    CHECK(remembered() == 1);
    rig.round(240s);
    CHECK(remembered() == 2);
}
