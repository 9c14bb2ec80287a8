#include "policy/runner_state.h"

#include "tests/policy/runners.h"

#include <functional>
#include <string_view>
#include <vector>

#include <doctest/doctest.h>

using namespace paws;
using namespace paws::policy;
using namespace paws::policy::testing;

namespace {

StateView state_of(const Runner& runner, const Now& now = noon) {
    std::optional<Contact> memory =
        Contact{.seen = now.boot, .watched_since = BootTime{1h}, .last = std::nullopt};
    const auto contact = view_contact(runner, memory, now);
    return runner_state(runner, contact, now);
}

Job running(std::chrono::nanoseconds age) {
    return {.name = "build", .started = noon.wall - age, .finished = {}, .result = {}};
}

ProcessTree with(ProcessRole extra) {
    return tree({ProcessRole::shell, ProcessRole::wrapper, ProcessRole::listener, extra});
}

}  // namespace

TEST_CASE("runner_state: a listener that hears from GitHub and has no worker is idle") {
    const auto view = state_of(healthy());
    CHECK(view.state == RunnerState::idle);
    CHECK(view.since == noon.wall - 60min);
}

TEST_CASE("runner_state: idle begins when the last job ended") {
    auto runner = healthy();
    auto job = running(20min);
    job.finished = noon.wall - 10min;
    runner.log.value->finished.push_back(job);
    CHECK(state_of(runner).since == noon.wall - 10min);
}

TEST_CASE("runner_state: a worker of the listener makes it busy") {
    auto runner = healthy();
    runner.processes = at(noon, with(ProcessRole::worker));
    runner.log.value->job = running(4min);
    const auto view = state_of(runner);
    CHECK(view.state == RunnerState::busy);
    CHECK(view.since == noon.wall - 4min);
    CHECK(view.reason == "runs build");
}

TEST_CASE("runner_state: a job that was announced without a worker is believed for two minutes") {
    auto runner = healthy();
    runner.log.value->job = running(2min);
    CHECK(state_of(runner).state == RunnerState::busy);
    runner.log.value->job = running(2min + 1s);
    CHECK(state_of(runner).state == RunnerState::idle);
}

TEST_CASE("runner_state: an orphan worker does not make it busy") {
    auto runner = healthy();
    runner.processes = at(noon, with(ProcessRole::orphan_worker));
    CHECK(state_of(runner).state == RunnerState::idle);
}

TEST_CASE("runner_state: where the journal no longer tells that it listens, its jobs do") {
    auto runner = healthy();
    runner.log.value->listening.reset();
    CHECK(state_of(runner).state == RunnerState::offline);
    auto job = running(20min);
    runner.log.value->job = job;
    CHECK(state_of(runner).state == RunnerState::idle);
    runner.log.value->job.reset();
    job.finished = noon.wall - 10min;
    job.result = JobResult::failed;
    runner.log.value->finished = {job};
    CHECK(state_of(runner).state == RunnerState::idle);
    CHECK(state_of(runner).since == noon.wall - 10min);
    runner.log.value->started = noon.wall - 5min;  // after its last job
    CHECK(state_of(runner).state == RunnerState::offline);
}

TEST_CASE("runner_state: a job that was lost does not prove that it listens again") {
    auto runner = healthy();
    runner.log.value->listening.reset();
    auto job = running(20min);
    job.finished = noon.wall - 10min;
    job.result = JobResult::lost;
    runner.log.value->finished = {job};
    CHECK(state_of(runner).state == RunnerState::offline);
}

TEST_CASE("runner_state: where the journal tells of no start, what it receives proves it") {
    auto runner = healthy();
    runner.log.value->listening.reset();
    runner.log.value->started.reset();
    CHECK(state_of(runner).state == RunnerState::idle);
    CHECK_FALSE(state_of(runner).since);
    SUBCASE("what it received long ago does not") {
        runner.sockets.value->last_received_seconds = 181.0;
        CHECK(state_of(runner).state == RunnerState::offline);
    }
    SUBCASE("nor does it soon after a start, whose lines may come yet") {
        runner.unit_state.value->active_enter = noon.wall - 3min;
        CHECK(state_of(runner).state == RunnerState::starting);
    }
    SUBCASE("nor where the listener has not come up since an exit") {
        runner.log.value->listener_exit = noon.wall - 30min;
        CHECK(state_of(runner).state == RunnerState::offline);
    }
}

TEST_CASE("runner_state: facts that are missing or older than thirty seconds are unknown") {
    auto runner = healthy();
    CHECK(state_of(runner, after(30s)).state == RunnerState::idle);
    CHECK(state_of(runner, after(31s)).state == RunnerState::unknown);
    runner.unit_state.value.reset();
    CHECK(state_of(runner).state == RunnerState::unknown);
}

TEST_CASE("runner_state: without the journal only fresh bytes from GitHub prove anything") {
    auto runner = healthy();
    runner.log.value.reset();
    CHECK(state_of(runner).state == RunnerState::idle);
    runner.sockets = at(noon, Sockets{.established = 1, .last_received_seconds = 181.0});
    CHECK(state_of(runner).state == RunnerState::unknown);
    runner.sockets.value.reset();
    CHECK(state_of(runner).state == RunnerState::unknown);
}

TEST_CASE(
    "runner_state: not listening since the last start is starting, after three minutes offline") {
    auto runner = healthy();
    runner.log.value->listening = noon.wall - 60min;
    runner.log.value->started = noon.wall - 3min;
    CHECK(state_of(runner).state == RunnerState::starting);
    runner.log.value->started = noon.wall - 3min - 1s;
    CHECK(state_of(runner).state == RunnerState::offline);
}

TEST_CASE("runner_state: a unit without a listener process is not idle, whatever its lines say") {
    auto runner = healthy();
    runner.processes = at(noon, tree({ProcessRole::shell, ProcessRole::wrapper}));
    runner.log.value->listener_exit = noon.wall - 10s;
    CHECK(state_of(runner).state == RunnerState::starting);
    runner.log.value->listener_exit = noon.wall - 4min;
    CHECK(state_of(runner).state == RunnerState::offline);
}

TEST_CASE("runner_state: processes that are hidden are not gone, the runner's lines tell of it") {
    auto runner = healthy();
    runner.processes = at(noon, tree({}));
    runner.processes.value->error = "3 processes of the unit are hidden from the agent";
    CHECK(state_of(runner).state == RunnerState::idle);
    runner.log.value->job = Job{.name = "build", .started = noon.wall - 1h};
    CHECK(state_of(runner).state == RunnerState::busy);
    runner.log.value.reset();
    CHECK(state_of(runner).state == RunnerState::unknown);
}

TEST_CASE("runner_state: a unit of which systemd gives no state is unknown") {
    auto runner = healthy();
    runner.unit_state.value->active_state.clear();
    CHECK(state_of(runner).state == RunnerState::unknown);
}

TEST_CASE("runner_state: an update is updating until it listens again or fifteen minutes passed") {
    auto runner = healthy();
    runner.log.value->updating = noon.wall - 1min;
    CHECK(state_of(runner).state == RunnerState::updating);
    runner.log.value->listening = noon.wall - 30s;
    CHECK(state_of(runner).state == RunnerState::idle);
    runner.log.value->listening = noon.wall - 60min;
    runner.log.value->updating = noon.wall - 16min;
    CHECK(state_of(runner).state == RunnerState::idle);
}

TEST_CASE("runner_state: an update on its way down is updating although the listener is gone") {
    auto runner = healthy();
    runner.log.value->updating = noon.wall - 1min;
    runner.log.value->listener_exit = noon.wall - 5s;
    runner.processes = at(noon, tree({ProcessRole::shell, ProcessRole::wrapper}));
    CHECK(state_of(runner).state == RunnerState::updating);
}

TEST_CASE("runner_state: a connect error with three minutes of silence is offline, and explained") {
    auto runner = healthy();
    runner.log.value->connect_error = noon.wall - 10min;
    runner.log.value->connect_error_text = "Name or service not known";
    CHECK(state_of(runner).state == RunnerState::idle);  // bytes arrived 20 s ago
    runner.sockets = at(noon, Sockets{.established = 0, .last_received_seconds = std::nullopt});
    const auto view = state_of(runner);
    CHECK(view.state == RunnerState::offline);
    CHECK(view.reason == "connect error: Name or service not known");
}

TEST_CASE("runner_state: where sockets cannot be seen a connect error counts after three minutes") {
    auto runner = healthy();
    runner.sockets.value.reset();
    runner.log.value->contact = noon.wall - 3min - 10s;
    runner.log.value->connect_error = noon.wall - 3min;
    CHECK(state_of(runner).state == RunnerState::idle);
    runner.log.value->connect_error = noon.wall - 3min - 1s;
    CHECK(state_of(runner).state == RunnerState::offline);
}

TEST_CASE("runner_state: where sockets cannot be seen, four minutes without a line are unknown") {
    auto runner = healthy();
    runner.sockets.value.reset();
    runner.log.value->contact = noon.wall - 4min;
    CHECK(state_of(runner).state == RunnerState::idle);
    runner.log.value->contact = noon.wall - 4min - 1s;
    CHECK(state_of(runner).state == RunnerState::unknown);
    runner.processes = at(noon, with(ProcessRole::worker));
    CHECK(state_of(runner).state == RunnerState::busy);
}

TEST_CASE("runner_state: a slow crash loop is offline, however often the listener is started") {
    auto runner = healthy();
    runner.log.value->trying_since = noon.wall - 4h;
    runner.log.value->started = noon.wall - 30s;
    CHECK(state_of(runner).state == RunnerState::offline);
    runner.log.value->listener_exit = noon.wall - 10s;
    runner.processes = at(noon, tree({ProcessRole::shell, ProcessRole::wrapper}));
    CHECK(state_of(runner).state == RunnerState::offline);
}

TEST_CASE("runner_state: a listener whose exit was read is not idle, though it seems to be there") {
    auto runner = healthy();
    runner.log.value->listener_exit = noon.wall - 10s;
    CHECK(state_of(runner).state == RunnerState::offline);
}

TEST_CASE("runner_state: a unit that systemd starts again after each failure has crashed") {
    auto runner = healthy();
    auto& unit = *runner.unit_state.value;
    unit.active_state = "activating";
    unit.sub_state = "auto-restart";
    unit.result = "exit-code";
    unit.exec_main_status = 203;
    runner.processes = at(noon, tree({}));
    CHECK(state_of(runner).state == RunnerState::stopped);
    CHECK(state_of(runner).reason == "crash: exit-code, status 203");
    unit.result = "success";
    CHECK(state_of(runner).state == RunnerState::starting);
}

TEST_CASE("runner_state: a session conflict is offline at once") {
    auto runner = healthy();
    runner.log.value->conflict = noon.wall - 10s;
    runner.log.value->started = noon.wall - 20s;
    CHECK(state_of(runner).state == RunnerState::offline);
}

TEST_CASE("runner_state: four silent minutes that nothing explains are offline, never idle") {
    auto runner = healthy();
    runner.sockets = at(noon, Sockets{.established = 1, .last_received_seconds = 240.0});
    CHECK(state_of(runner).state == RunnerState::idle);
    runner.sockets = at(noon, Sockets{.established = 1, .last_received_seconds = 241.0});
    CHECK(state_of(runner).state == RunnerState::offline);
}

TEST_CASE("runner_state: a listener that is stopped or dead is offline at once, one in D passes") {
    for (const char state : {'D', 'T', 'Z'}) {
        auto runner = healthy();
        runner.processes = at(
            noon, tree({ProcessRole::shell, ProcessRole::wrapper, ProcessRole::listener}, state));
        CHECK(state_of(runner).state == (state == 'D' ? RunnerState::idle : RunnerState::offline));
    }
}

TEST_CASE("runner_state: a deregistration is unregistered, looping or stopped") {
    auto runner = healthy();
    runner.log.value->unregistered = noon.wall - 1min;
    CHECK(state_of(runner).state == RunnerState::unregistered);
    auto stopped = inactive();
    stopped.log.value->unregistered = noon.wall - 1min;
    stopped.log.value->removed = noon.wall - 1min;
    CHECK(state_of(stopped).state == RunnerState::unregistered);
}

TEST_CASE("runner_state: an ephemeral runner that removed itself is done") {
    auto runner = inactive();
    runner.log.value->removed = noon.wall - 5min;
    CHECK(state_of(runner).state == RunnerState::done);
    runner.log.value->listener_exit_code = "0";
    CHECK(state_of(runner).state == RunnerState::done);
}

TEST_CASE("runner_state: an ephemeral runner that died is not done") {
    auto runner = inactive();
    runner.log.value->removed = noon.wall - 5min;
    runner.log.value->listener_exit_code = "1";
    CHECK(state_of(runner).state == RunnerState::stopped);
    runner.log.value->listener_exit_code = "0";
    runner.unit_state.value->result = "oom-kill";
    CHECK(state_of(runner).state == RunnerState::stopped);
    CHECK(state_of(runner).reason.starts_with("oom"));
}

TEST_CASE("runner_state: a runner that ended unseen is not called an operator's stop") {
    auto runner = inactive();
    runner.log.value.reset();
    CHECK(state_of(runner).reason.starts_with("clean_exit: why is not known"));
    runner.unit_state.value->inactive_enter.reset();
    CHECK(state_of(runner).reason == "operator: not started");
}

TEST_CASE("runner_state: a stopped runner says why") {
    struct Row {
        std::string_view reason;
        std::function<void(Unit&, RunnerLog&)> prepare;
    };
    const std::vector<Row> rows{
        {"operator: stopped on request", [](Unit&, RunnerLog& log) { log.shutdown = noon.wall; }},
        {"operator: not started", [](Unit&, RunnerLog&) {}},
        {"disabled", [](Unit& unit, RunnerLog&) { unit.unit_file_state = "disabled"; }},
        {"masked", [](Unit& unit, RunnerLog&) { unit.load_state = "masked"; }},
        {"oom", [](Unit& unit, RunnerLog&) { unit.result = "oom-kill"; }},
        {"crash: exit-code, status 203",
         [](Unit& unit, RunnerLog&) {
             unit.result = "exit-code";
             unit.exec_main_status = 203;
         }},
        {"clean_exit: session conflict",
         [](Unit&, RunnerLog& log) {
             log.listener_exit = noon.wall;
             log.listener_exit_code = "5";
         }},
        {"clean_exit: the listener ended with code 1",
         [](Unit&, RunnerLog& log) {
             log.listener_exit = noon.wall;
             log.listener_exit_code = "1";
         }},
        {"clean_exit: this runner version is deprecated",
         [](Unit&, RunnerLog& log) {
             log.listener_exit = noon.wall;
             log.listener_exit_code = "1";
             log.deprecated = noon.wall;
         }},
    };
    for (const auto& row : rows) {
        auto runner = inactive();
        row.prepare(*runner.unit_state.value, *runner.log.value);
        const auto view = state_of(runner);
        CHECK(view.state == RunnerState::stopped);
        CHECK_MESSAGE(view.reason.starts_with(row.reason), view.reason);
        CHECK(view.since == noon.wall - 5min);
    }
}

TEST_CASE("runner_state: without systemd a runner lives as long as its processes") {
    auto runner = healthy();
    runner.managed = false;
    runner.unit_state.value.reset();
    CHECK(state_of(runner).state == RunnerState::idle);
    runner.processes = at(noon, tree({ProcessRole::job}));
    CHECK(state_of(runner).state == RunnerState::stopped);
    runner.processes.value.reset();
    CHECK(state_of(runner).state == RunnerState::unknown);
}
