#include "policy/waiting.h"

#include "tests/policy/runners.h"

#include <doctest/doctest.h>

using namespace paws;
using namespace paws::policy;
using namespace paws::policy::testing;

namespace {

Runner free_runner() {
    Runner runner;
    runner.api = at(noon, ApiRunner{.registration = Registration::online, .busy = false});
    const WaitingJob job{.run_id = 7, .name = "deploy", .seconds = 1};
    runner.waiting = at(noon, WaitingJobs{.longest = job});
    return runner;
}

}  // namespace

TEST_CASE("waiting: a job is kept from a runner that GitHub calls online and free") {
    auto runner = free_runner();
    REQUIRE(job_kept_from(runner, noon) != nullptr);
    CHECK(job_kept_from(runner, noon)->run_id == 7);
    CHECK(job_kept_from(runner, after(150s)) != nullptr);
    CHECK(job_kept_from(runner, after(151s)) == nullptr);
    runner.waiting.value->longest.reset();
    CHECK(job_kept_from(runner, noon) == nullptr);
}

TEST_CASE("waiting: a job rightly waits for a runner that is busy, offline or held") {
    auto busy = free_runner();
    busy.api.value->busy = true;
    CHECK(job_kept_from(busy, noon) == nullptr);

    auto offline = free_runner();
    offline.api.value->registration = Registration::offline;
    CHECK(job_kept_from(offline, noon) == nullptr);

    auto held = free_runner();
    held.wish = Wish{
        .kind = WishKind::hold, .asked = {}, .until = {}, .note = {}, .by = "root", .trouble = {}};
    CHECK(job_kept_from(held, noon) == nullptr);

    auto unlisted = free_runner();
    unlisted.api.value.reset();
    CHECK(job_kept_from(unlisted, noon) == nullptr);
}
