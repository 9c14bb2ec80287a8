#include "policy/runner_problems.h"

#include "tests/policy/runners.h"
#include "tests/policy/story.h"

#include <doctest/doctest.h>

using namespace paws;
using namespace paws::policy;
using namespace paws::policy::testing;

namespace {

using enum ProcessRole;

bool found(const Story& story, Problem problem) {
    return story.judged().problems.found.contains(problem);
}

bool checked(const Story& story, Problem problem) {
    return story.judged().problems.checked.contains(problem);
}

}  // namespace

TEST_CASE("problems: contact is late after three minutes, before it is a state") {
    Story story;
    story.loses_sockets().passes(2min + 50s);
    CHECK_FALSE(found(story, Problem::contact_late));
    story.passes(30s);
    CHECK(found(story, Problem::contact_late));
    CHECK(story.judged().state == RunnerState::idle);
    CHECK(story.judged().health == Health::degraded);
}

TEST_CASE("problems: a long job that computes is not stuck") {
    Story story;
    story.prints({"T Running job: build"}).processes({shell, wrapper, listener, worker});
    for (int hour = 0; hour < 8; ++hour) {
        story.passes(20min).with([](Runner& runner) { *runner.cgroup.value->cpu_seconds += 60; });
        story.passes(20min).with([](Runner& runner) { *runner.cgroup.value->cpu_seconds += 60; });
        story.passes(20min).with([](Runner& runner) { *runner.cgroup.value->cpu_seconds += 60; });
    }
    CHECK_FALSE(found(story, Problem::job_stuck));
    story.passes(31min);
    CHECK(found(story, Problem::job_stuck));
}

TEST_CASE("problems: without the cgroup's CPU time nothing is said of a stuck job") {
    Story story;
    story.prints({"T Running job: build"})
        .processes({shell, wrapper, listener, worker})
        .with([](Runner& runner) { runner.cgroup.value->cpu_seconds.reset(); })
        .passes(7h);
    CHECK_FALSE(checked(story, Problem::job_stuck));
}

TEST_CASE("problems: two quick failures, or three slow ones, are no series") {
    Story quick;
    for (const auto* result : {"Succeeded", "Failed", "Failed"}) {
        quick.prints({"T Running job: a"}).passes(5s);
        quick.prints({"T Job a completed with result: " + std::string{result}}).passes(5s);
    }
    CHECK_FALSE(found(quick, Problem::jobs_failing));
    Story slow;
    for (int count = 0; count < 3; ++count) {
        slow.prints({"T Running job: a"}).passes(20s);
        slow.prints({"T Job a completed with result: Failed"}).passes(5s);
    }
    CHECK_FALSE(found(slow, Problem::jobs_failing));
}

TEST_CASE("problems: pages of a running or just finished job are not stale") {
    Story story;
    story.with([](Runner& runner) { runner.files.value->diag_pages = 2; })
        .prints({"T Running job: a"})
        .passes(10min);
    CHECK_FALSE(found(story, Problem::spool));
    story.prints({"T Job a completed with result: Succeeded"}).passes(1min);
    CHECK_FALSE(found(story, Problem::spool));
    story.passes(2min);
    CHECK(found(story, Problem::spool));
}

TEST_CASE("problems: an update that succeeds ends the one that failed") {
    Story story;
    story.prints({"Current runner version: '2.335.0'", "Runner update failed: no"}).passes(5s);
    CHECK(found(story, Problem::update));
    story.prints({"Current runner version: '2.335.0'"}).passes(5s);
    CHECK(found(story, Problem::update));
    story.prints({"Current runner version: '2.336.0'"}).passes(5s);
    CHECK_FALSE(found(story, Problem::update));
}

TEST_CASE("problems: what cannot be known is not called well") {
    Story story;
    story
        .with([](Runner& runner) {
            runner.files.value->settings.reset();
            runner.files.value->diag_pages.reset();
            runner.trace.value->error = "denied";
        })
        .passes(10s);
    for (const auto problem :
         {Problem::install, Problem::spool, Problem::worker_stuck, Problem::diag}) {
        CHECK_FALSE(checked(story, problem));
    }
}
