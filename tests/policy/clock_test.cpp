#include "policy/clock.h"

#include "policy/drain.h"
#include "policy/host.h"
#include "policy/judge.h"
#include "tests/policy/runners.h"

#include <algorithm>

#include <doctest/doctest.h>

using namespace paws;
using namespace paws::policy;
using namespace paws::policy::testing;
using namespace std::chrono_literals;

namespace {

// A runner whose servers answered at `tried` with Dates that put the clock behind by so much.
Runner told(const std::vector<std::optional<double>>& behind, const Now& tried = noon) {
    auto runner = healthy();
    Reaches reaches;
    for (const auto& seconds : behind) {
        reaches["server" + std::to_string(reaches.size()) + ":443"] = {
            .tried = tried, .failure = {}, .clock_behind_seconds = seconds};
    }
    runner.reaches = {.value = reaches, .taken = tried};
    return runner;
}

Facts facts_of(Runner runner, const Now& now, bool synchronised = true) {
    Facts facts;
    facts.host.clock = {.value = ClockSync{.synchronised = synchronised, .offset_seconds = 0},
                        .taken = now};
    runner.reaches.taken = now;
    facts.runners = {std::move(runner)};
    return facts;
}

}  // namespace

TEST_CASE("clock_behind_github: of several servers the one that differs least is believed") {
    CHECK(clock_behind_github({told({90.0, -3.0, std::nullopt})}, noon) == -3.0);
    CHECK(clock_behind_github({told({90.0}), told({0.0})}, noon) == 0.0);
    CHECK_FALSE(clock_behind_github({told({std::nullopt})}, noon));
    CHECK_FALSE(clock_behind_github({}, noon));
}

TEST_CASE("clock_behind_github: a clock that was set since then is judged as it is now") {
    const auto runner = told({90.0});
    const Now set_right{.wall = noon.wall + 30s + 90s, .boot = noon.boot + 30s};
    auto seen = runner;
    seen.reaches.taken = set_right;
    CHECK(clock_behind_github({seen}, set_right) == doctest::Approx(0));
    auto old = runner;
    old.reaches.taken = after(6min);
    CHECK_FALSE(clock_behind_github({old}, after(6min)));
}

TEST_CASE("judge: a clock off by GitHub's Date is a problem at once, a minute off fails the host") {
    struct Row {
        double behind;
        bool problem;
        bool failed;
    };
    for (const auto& row : std::vector<Row>{{0, false, false},
                                            {2.0, false, false},
                                            {2.5, true, false},
                                            {-2.5, true, false},
                                            {60.0, true, false},
                                            {61.0, true, true},
                                            {-301.0, true, true}}) {
        CAPTURE(row.behind);
        const auto judged = judge(facts_of(told({row.behind}), noon), {}, noon);
        CHECK(judged.host.problems.found.contains(Problem::clock) == row.problem);
        CHECK((judged.host.health == Health::failed) == row.failed);
        CHECK(judged.runners[0].problems.found.contains(Problem::clock) == row.problem);
        CHECK(judged.host.clock_behind_github_seconds == row.behind);
    }
}

TEST_CASE("judge: the kernel's word on the clock holds beside GitHub's") {
    Judgement judged;
    for (const auto passed : {0min, 5min, 10min}) {
        const auto now = after(passed);
        judged = judge(facts_of(told({0.0}, now), now, false), judged, now);
    }
    CHECK(judged.host.problems.found.contains(Problem::clock));
}

TEST_CASE("reasons_against_start: with a clock that GitHub refuses a runner is not started") {
    const auto says_clock = [](double behind) {
        const auto reasons = reasons_against_start(told({behind}), {}, noon);
        return std::ranges::any_of(
            reasons, [](const auto& reason) { return reason.find("clock") != std::string::npos; });
    };
    CHECK(says_clock(61));
    CHECK_FALSE(says_clock(59));
}
