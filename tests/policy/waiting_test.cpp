#include "policy/waiting.h"

#include "tests/policy/runners.h"

#include <doctest/doctest.h>

using namespace paws;
using namespace paws::policy;
using namespace paws::policy::testing;

namespace {

// Listens for an hour, and a job has waited for two.
Runner free_runner() {
    auto runner = healthy();
    runner.api = at(noon, ApiRunner{.registration = Registration::online, .busy = false});
    runner.waiting = at(
        noon, WaitingJobs{.longest = WaitingJob{.run_id = 7, .name = "deploy", .seconds = 7200}});
    runner.log.value->listening = noon.wall - 1h;
    runner.log.value->finished.clear();
    return runner;
}

bool is_known(const Runner& runner) {
    return job_kept_from(runner, noon).has_value();
}
bool is_kept(const Runner& runner) {
    const auto kept = job_kept_from(runner, noon);
    return kept && kept->job != nullptr;
}

}  // namespace

TEST_CASE("waiting: a job is kept from a runner for as long as that is free") {
    auto runner = free_runner();
    REQUIRE(is_kept(runner));
    CHECK(job_kept_from(runner, noon)->job->run_id == 7);
    CHECK(job_kept_from(runner, noon)->seconds == 3600);
    runner.waiting.value->longest->seconds = 60;
    CHECK(job_kept_from(runner, noon)->seconds == 60);
    // Between two jobs of a backlog.
    runner.waiting.value->longest->seconds = 7200;
    runner.log.value->finished.emplace_back().finished = noon.wall - 3s;
    CHECK(job_kept_from(runner, noon)->seconds == 3);
}

TEST_CASE("waiting: a job rightly waits for a runner that works or is held") {
    auto busy = free_runner();
    busy.api.value->busy = true;
    CHECK(is_known(busy));
    CHECK_FALSE(is_kept(busy));

    auto begun = free_runner();  // GitHub's list lags
    begun.log.value->job = Job{};
    CHECK_FALSE(is_kept(begun));

    auto working = free_runner();
    working.processes.value->counts[ProcessRole::worker] = 1;
    CHECK_FALSE(is_kept(working));

    auto held = free_runner();
    held.wish = Wish{
        .kind = WishKind::hold, .asked = {}, .until = {}, .note = {}, .by = "root", .trouble = {}};
    CHECK(is_known(held));
    CHECK_FALSE(is_kept(held));

    auto idle = free_runner();
    idle.waiting.value->longest.reset();
    CHECK(is_known(idle));
    CHECK_FALSE(is_kept(idle));
}

TEST_CASE(
    "waiting: of a runner that GitHub does not call online, or not lately, nothing is known") {
    for (const auto registration : {Registration::offline, Registration::absent}) {
        auto offline = free_runner();
        offline.api.value->registration = registration;
        CHECK_FALSE(is_known(offline));
    }
    auto old = free_runner();
    old.api.taken.boot -= 151s;
    CHECK_FALSE(is_known(old));

    auto unasked = free_runner();
    unasked.waiting.value.reset();
    CHECK_FALSE(is_known(unasked));

    auto stale = free_runner();
    stale.waiting.taken.boot -= 151s;
    CHECK_FALSE(is_known(stale));

    auto mute = free_runner();
    mute.log.value.reset();
    CHECK_FALSE(is_known(mute));

    auto starting = free_runner();
    starting.log.value->listening.reset();
    CHECK_FALSE(is_known(starting));
}
