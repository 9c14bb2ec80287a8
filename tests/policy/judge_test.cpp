#include "policy/judge.h"

#include "core/names.h"
#include "tests/policy/runners.h"

#include <doctest/doctest.h>

using namespace paws;
using namespace paws::policy;
using namespace paws::policy::testing;

namespace {

Facts facts_with(Runner runner, const Now& now = noon) {
    Facts facts;
    facts.host.cpu = at(now, Cpu{.times = {}, .cpus = 2});
    facts.host.memory = at(now, Memory{.total_bytes = 100, .available_bytes = 50});
    facts.host.filesystems = at(now, std::vector{Filesystem{.mountpoint = "/"}});
    facts.host.filesystems.value->front().usage =
        FilesystemUsage{.size_bytes = 1000, .avail_bytes = 500, .files = 100, .files_free = 50};
    facts.runners.push_back(std::move(runner));
    return facts;
}

RunnerJudgement judged(Runner runner, const Now& now = noon) {
    return judge(facts_with(std::move(runner)), {}, now).runners.at(0);
}

}  // namespace

TEST_CASE("judge: a working runner is idle, well and has evidence with ages") {
    const auto judgement = judged(healthy());
    CHECK(judgement.state == RunnerState::idle);
    CHECK(judgement.health == Health::ok);
    CHECK(judgement.problems.empty());
    CHECK(judgement.last_contact == noon.wall - 20s);
    REQUIRE_FALSE(judgement.evidence.empty());
    for (const auto& evidence : judgement.evidence) {
        CHECK_MESSAGE(evidence.age_seconds, evidence.fact);
    }
}

TEST_CASE("judge: a state keeps its beginning over ticks") {
    const auto first = judge(facts_with(healthy()), {}, noon);
    CHECK(first.runners[0].since == noon.wall - 60min);
    auto runner = healthy(after(5s));
    runner.log.value->listening = noon.wall - 1min;  // a session restart prints the line again
    const auto second = judge(facts_with(runner, after(5s)), first, after(5s));
    CHECK(second.runners[0].since == noon.wall - 60min);
}

TEST_CASE("judge: silence counts from when the agent could first have heard something") {
    auto runner = healthy();
    runner.sockets = at(noon, Sockets{.established = 1, .last_received_seconds = std::nullopt});
    const auto first = judge(facts_with(runner), {}, noon);
    CHECK(first.runners[0].state == RunnerState::idle);
    const auto later = after(4min + 1s);
    runner = healthy(later);
    runner.sockets = at(later, Sockets{.established = 0, .last_received_seconds = std::nullopt});
    CHECK(judge(facts_with(runner), first, later).runners[0].state == RunnerState::offline);
}

TEST_CASE("judge: a contact once seen is remembered when its socket is gone") {
    const auto first = judge(facts_with(healthy()), {}, noon);
    const auto later = after(2min);
    auto runner = healthy(later);
    runner.sockets = at(later, Sockets{.established = 0, .last_received_seconds = std::nullopt});
    const auto second = judge(facts_with(runner), first, later);
    CHECK(second.runners[0].last_contact == noon.wall - 20s);
    CHECK(second.runners[0].state == RunnerState::idle);
}

TEST_CASE("judge: a wall clock that steps back two hours changes no state") {
    const auto first = judge(facts_with(healthy()), {}, noon);
    const Now stepped{.wall = noon.wall - 2h, .boot = noon.boot + 5s};
    const auto second = judge(facts_with(healthy(stepped), stepped), first, stepped);
    CHECK(second.runners[0].state == RunnerState::idle);
    CHECK(second.runners[0].health == Health::ok);
}

TEST_CASE("judge: what an operator stopped is degraded, what died is failed") {
    auto stopped = inactive();
    stopped.log.value->shutdown = noon.wall;
    CHECK(judged(stopped).health == Health::degraded);
    auto died = inactive();
    died.log.value->listener_exit = noon.wall;
    died.log.value->listener_exit_code = "1";
    CHECK(judged(died).health == Health::failed);
}

TEST_CASE("judge: unknown is never healthy") {
    auto runner = healthy();
    runner.unit_state.value.reset();
    CHECK(judged(runner).health == Health::unknown);
}

TEST_CASE("judge: three exits within a minute are a crash loop until five quiet minutes") {
    auto loops = [](std::vector<WallTime> exits, std::optional<WallTime> listening = {}) {
        auto runner = healthy();
        runner.log.value->recent_exits = std::move(exits);
        runner.log.value->started = noon.wall - 5s;
        runner.log.value->listening = listening;
        return judged(runner).problems.contains(Problem::crash_loop);
    };
    const auto ago = [](std::chrono::seconds span) { return noon.wall - span; };
    CHECK(loops({ago(50s), ago(30s), ago(10s)}));
    CHECK_FALSE(loops({ago(30s), ago(10s)}));
    CHECK_FALSE(loops({ago(80s), ago(30s), ago(10s)}));
    CHECK(loops({ago(340s), ago(320s), ago(300s)}));
    CHECK_FALSE(loops({ago(341s), ago(321s), ago(301s)}));
    CHECK_FALSE(loops({ago(50s), ago(30s), ago(10s)}, ago(40s)));
}

TEST_CASE("judge: each problem degrades a runner that otherwise works") {
    auto orphan = healthy();
    orphan.processes = at(noon,
                          tree({ProcessRole::shell,
                                ProcessRole::wrapper,
                                ProcessRole::listener,
                                ProcessRole::orphan_worker}));
    auto changed = healthy();
    changed.unit_state.value->needs_daemon_reload = true;
    auto disabled = healthy();
    disabled.unit_state.value->unit_file_state = "disabled";
    auto pinned = healthy();
    RunnerFiles files;
    files.settings = RunnerSettings{};
    files.settings->disable_update = true;
    files.version_built = noon.wall - 31 * 24h;
    pinned.files = at(noon, files);
    const std::vector<std::pair<Problem, Runner>> rows{{Problem::orphan_worker, orphan},
                                                       {Problem::unit_changed, changed},
                                                       {Problem::unit_changed, disabled},
                                                       {Problem::version, pinned}};
    for (const auto& row : rows) {
        const auto judgement = judged(row.second);
        CHECK_MESSAGE(judgement.problems == std::set{row.first}, to_string(row.first));
        CHECK(judgement.health == Health::degraded);
    }
}

TEST_CASE("judge: a runner's disk is the filesystem that holds its root") {
    auto facts = facts_with(healthy());
    auto opt = facts.host.filesystems.value->front();
    opt.mountpoint = "/opt";
    opt.usage->avail_bytes = 240;
    facts.host.filesystems.value->push_back(opt);
    CHECK(judge(facts, {}, noon).runners[0].problems == std::set{Problem::disk});
    facts.runners[0].root = "/optical/runner";
    CHECK(judge(facts, {}, noon).runners[0].problems.empty());
}
