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
    CHECK(judgement.problems.found.empty());
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
    auto judgement = judge(facts_with(runner), {}, noon);
    CHECK(judgement.runners[0].state == RunnerState::idle);
    for (auto passed = 1s; passed <= 4min + 1s; passed += 30s) {
        const auto later = after(passed);
        runner = healthy(later);
        runner.sockets =
            at(later, Sockets{.established = 0, .last_received_seconds = std::nullopt});
        judgement = judge(facts_with(runner, later), judgement, later);
    }
    CHECK(judgement.runners[0].state == RunnerState::offline);
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

TEST_CASE("judge: three exits without listening are a crash loop until five quiet minutes") {
    auto loops = [](std::uint32_t in_vain, std::chrono::seconds last) {
        auto runner = healthy();
        runner.log.value->recent_exits = {noon.wall - last};
        runner.log.value->exits_in_vain = in_vain;
        return judged(runner).problems.found.contains(Problem::crash_loop);
    };
    CHECK(loops(3, 10s));
    CHECK_FALSE(loops(2, 10s));
    CHECK(loops(240, 300s));
    CHECK_FALSE(loops(240, 301s));
}

TEST_CASE("judge: a problem whose facts are missing was not looked for") {
    auto runner = healthy();
    runner.log.value.reset();
    runner.files.value.reset();
    const auto& checked = judged(runner).problems.checked;
    CHECK_FALSE(checked.contains(Problem::crash_loop));
    CHECK_FALSE(checked.contains(Problem::version));
    CHECK_FALSE(checked.contains(Problem::lease_late));
    CHECK(checked.contains(Problem::unit_changed));
    runner.processes.value->error = "3 processes of the unit are hidden from the agent";
    CHECK_FALSE(judged(runner).problems.checked.contains(Problem::orphan_worker));
}

TEST_CASE(
    "judge: a runner's disk that is read-only or silent is a problem, an old reading is none") {
    auto facts = facts_with(healthy());
    auto& root = facts.host.filesystems.value->front();
    root.read_only = true;
    CHECK(judge(facts, {}, noon).runners[0].problems.found == std::set{Problem::disk});
    root.read_only = false;
    root.usage.reset();
    CHECK(judge(facts, {}, noon).runners[0].problems.found.contains(Problem::disk));
    root.hidden = true;
    CHECK_FALSE(judge(facts, {}, noon).runners[0].problems.checked.contains(Problem::disk));
    root.hidden = false;
    facts.host.filesystems.taken.boot -= 31s;
    CHECK_FALSE(judge(facts, {}, noon).runners[0].problems.checked.contains(Problem::disk));
}

TEST_CASE("judge: a clock that was set back does not make an old line new") {
    auto runner = healthy();
    runner.sockets.value->last_received_seconds.reset();
    runner.log.value->contact = noon.wall - 10s;
    auto judgement = judge(facts_with(runner), {}, noon);
    for (auto passed = 1min; passed <= 5min; passed += 1min) {
        const Now stepped{.wall = noon.wall - 2h + passed, .boot = noon.boot + passed};
        auto later = healthy(stepped);
        later.sockets.value->last_received_seconds.reset();
        later.log.value->contact = noon.wall - 10s;
        judgement = judge(facts_with(later, stepped), judgement, stepped);
    }
    CHECK(judgement.runners[0].state == RunnerState::offline);
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
        CHECK_MESSAGE(judgement.problems.found == std::set{row.first}, to_string(row.first));
        CHECK(judgement.health == Health::degraded);
    }
}

TEST_CASE("judge: a runner's disk is the filesystem that holds its root") {
    auto facts = facts_with(healthy());
    auto opt = facts.host.filesystems.value->front();
    opt.mountpoint = "/opt";
    opt.usage->avail_bytes = 240;
    facts.host.filesystems.value->push_back(opt);
    CHECK(judge(facts, {}, noon).runners[0].problems.found == std::set{Problem::disk});
    facts.runners[0].root = "/optical/runner";
    CHECK(judge(facts, {}, noon).runners[0].problems.found.empty());
}
