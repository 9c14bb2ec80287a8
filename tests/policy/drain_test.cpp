#include "policy/drain.h"

#include "policy/judge.h"
#include "tests/policy/runners.h"

#include <doctest/doctest.h>

using namespace paws;
using namespace paws::policy;
using namespace paws::policy::testing;

namespace {

Wish drain() {
    return {.kind = WishKind::drain,
            .asked = noon.wall - 1min,
            .until = std::nullopt,
            .note = "new disk",
            .by = "ada"};
}

Wish hold_until(WallTime until) {
    auto wish = drain();
    wish.kind = WishKind::hold;
    wish.until = until;
    return wish;
}

std::vector<UnitAction> plan(Runner runner, const Now& now = noon) {
    Facts facts;
    facts.runners.push_back(std::move(runner));
    return plan_wishes(facts, judge(facts, {}, now), now);
}

Runner with_worker() {
    auto runner = healthy();
    runner.processes = at(noon, tree({ProcessRole::listener, ProcessRole::worker}));
    runner.log.value->job = Job{.name = "build", .started = noon.wall - 10min};
    return runner;
}

}  // namespace

TEST_CASE("drain: a free runner that is to be drained is stopped, and the plan says for whom") {
    auto runner = healthy();
    CHECK(plan(runner).empty());
    runner.wish = drain();
    CHECK(plan(runner) == std::vector{UnitAction{.verb = UnitVerb::stop,
                                                 .runner = runner.name,
                                                 .unit = runner.unit,
                                                 .why = "drain by ada: new disk"}});
}

TEST_CASE("drain: a job is never stopped: both the worker and what was printed are asked") {
    auto runner = with_worker();
    runner.wish = drain();
    CHECK(plan(runner).empty());
    auto only_worker = runner;
    only_worker.log.value->job.reset();
    CHECK(plan(only_worker).empty());
    auto only_line = runner;
    only_line.processes = at(noon, tree({ProcessRole::listener}));
    CHECK(plan(only_line).empty());
}

TEST_CASE("drain: what cannot be seen is not taken for free") {
    auto runner = healthy();
    runner.wish = drain();
    auto hidden = runner;
    hidden.processes.value->error = "3 processes of the unit are hidden";
    CHECK(plan(hidden).empty());
    auto blind = runner;
    blind.processes.value.reset();
    CHECK(plan(blind).empty());
    auto deaf = runner;
    deaf.log.value.reset();
    CHECK(plan(deaf).empty());
    auto updating = runner;
    updating.log.value->updating = noon.wall - 1min;
    CHECK(plan(updating).empty());
}

TEST_CASE("drain: a busy runner with a wish is draining, a stopped one says why") {
    auto runner = with_worker();
    runner.wish = drain();
    Facts facts;
    facts.runners.push_back(runner);
    CHECK(judge(facts, {}, noon).runners[0].state == RunnerState::draining);
    auto stopped = inactive();
    stopped.wish = drain();
    facts.runners[0] = stopped;
    const auto judged = judge(facts, {}, noon).runners[0];
    CHECK(judged.reason == "operator: drained, new disk");
    CHECK_FALSE(judged.blame);
}

TEST_CASE("drain: a hold expires by itself and the runner is started again") {
    auto runner = inactive();
    runner.wish = hold_until(noon.wall + 1s);
    CHECK(plan(runner).empty());
    runner.wish = hold_until(noon.wall);
    CHECK(plan(runner) == std::vector{UnitAction{.verb = UnitVerb::start,
                                                 .runner = runner.name,
                                                 .unit = runner.unit,
                                                 .why = "its hold is over"}});
    auto never_stopped = healthy();
    never_stopped.wish = hold_until(noon.wall);
    CHECK(plan(never_stopped).empty());
}

TEST_CASE("reasons_against_start: each names what to do first") {
    Host host;
    host.filesystems = at(noon, std::vector{Filesystem{.mountpoint = "/"}});
    host.filesystems.value->front().usage = FilesystemUsage{.size_bytes = 500'000'000'000,
                                                            .avail_bytes = 300'000'000'000,
                                                            .files = 1000,
                                                            .files_free = 500};
    auto runner = inactive();
    runner.files = at(noon, RunnerFiles{});
    CHECK(reasons_against_start(runner, host, noon).empty());
    runner.files.value->start_fault = "runsvc.sh is empty";
    runner.unit_state.value->needs_daemon_reload = true;
    runner.unit_state.value->load_state = "masked";
    runner.processes = at(noon, tree({ProcessRole::orphan_worker}));
    host.filesystems.value->front().usage->avail_bytes = 1'000'000;
    const auto reasons = reasons_against_start(runner, host, noon);
    REQUIRE(reasons.size() == 5);
    CHECK(reasons[0].find("systemctl unmask actions.runner.") != std::string::npos);
    CHECK(reasons[1].find("daemon-reload") != std::string::npos);
    CHECK(reasons[2] == "/ is full: make room first");
    CHECK(reasons[3].starts_with("runsvc.sh is empty"));
    runner.unit_state.value.reset();
    CHECK(reasons_against_start(runner, host, noon)[0].find("systemd does not say") !=
          std::string::npos);
}
