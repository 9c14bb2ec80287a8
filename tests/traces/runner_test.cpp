#include "tests/traces/lone_runner.h"

#include <doctest/doctest.h>

// The timings of facts 2 to 6, each seen in the simulated runner.

namespace paws::traces {

namespace {

using namespace std::chrono_literals;

Kind quiet() {
    return {.name = "acme.lone", .agent_id = 7, .longest_pause = week * 1'000};
}
Kind working() {
    return {.name = "acme.lone", .agent_id = 7, .longest_pause = 2min};
}
Kind old() {
    auto kind = quiet();
    kind.v2 = false;
    return kind;
}

Episode episode(Trouble trouble, Instant begin, Instant end) {
    return {.trouble = trouble, .begin = begin, .end = end};
}

const std::string error_line = "Runner connect error";

}  // namespace

TEST_CASE("an idle runner hears an answer every 50 seconds, and loses one now and then") {
    LoneRunner lone{quiet(), {}};
    Instant heard{};
    std::size_t answers = 0;
    std::size_t late = 0;
    lone.run_until(5 * 24h, [&](Instant at) {
        const auto& socket = lone.runner().visible().socket(SocketOf::poll);
        if (!socket.established || socket.received != at || heard == at) {
            return;
        }
        const auto gap = at - std::exchange(heard, at);
        ++answers;
        late += gap > 51s ? 1U : 0U;
        CHECK(gap <= 50s + http_timeout + 16s);
    });
    CHECK(answers > 8'000);
    CHECK(late > 10);
    CHECK(late * 50 < answers);
}

TEST_CASE("an idle runner prints nothing after Listening") {
    LoneRunner lone{quiet(), {}};
    lone.run_until(24h);
    REQUIRE_FALSE(lone.said().empty());
    CHECK(lone.said().back().text.ends_with("Listening for Jobs"));
}

TEST_CASE("a black hole silences a V2 listener for nine minutes before its one line") {
    LoneRunner lone{quiet(), {episode(Trouble::black_hole, 1h, 4h)}};
    Instant heard{};
    lone.run_until(4h, [&](Instant) {
        const auto& socket = lone.runner().visible().socket(SocketOf::poll);
        heard = socket.established ? std::max(heard, socket.received) : heard;
    });
    const auto line = lone.hears(error_line, 10min);
    REQUIRE(line);
    CHECK(*line - heard > 8min + 30s);
    CHECK(*line - heard < 11min);
    CHECK(lone.count(error_line) == 2);  // the relaunched listener's is the second
    const auto exit = lone.hears("exited with error code 2");
    REQUIRE(exit);
    CHECK(*exit - *line > 80min);  // nine more errors of nine minutes each
}

TEST_CASE("a V2 listener without a network exits eleven minutes after its line") {
    LoneRunner lone{quiet(), {episode(Trouble::link_down, 1h, 2h)}};
    lone.run_until(3h);
    const auto line = lone.hears(error_line, 10min);
    const auto exit = lone.hears("exited with error code 2");
    const auto again = lone.hears("Starting Runner listener", 10min);
    REQUIRE((line && exit && again));
    CHECK(*exit - *line > 9min);
    CHECK(*exit - *line < 14min);
    CHECK(*again - *exit == 5s);
    const auto listening = lone.hears("Listening for Jobs", 2h);
    REQUIRE(listening);
    CHECK(*listening < 2h + 45s);
    CHECK(lone.hears("Runner reconnected.", 2h));
}

TEST_CASE("an idle V2 listener says nothing of its second outage") {
    LoneRunner lone{
        quiet(),
        {episode(Trouble::link_down, 1h, 1h + 4min), episode(Trouble::link_down, 3h, 3h + 4min)}};
    lone.run_until(4h);
    CHECK(lone.hears(error_line, 1h));
    CHECK_FALSE(lone.hears(error_line, 2h));
    CHECK_FALSE(lone.hears("Runner reconnected."));
}

TEST_CASE("a V1 listener tries for ever and says when it is back") {
    LoneRunner lone{old(), {episode(Trouble::black_hole, 1h, 9h)}};
    lone.run_until(10h);
    CHECK(lone.count(error_line) == 1);
    CHECK_FALSE(lone.hears("exited with error code"));
    const auto back = lone.hears("Runner reconnected.");
    REQUIRE(back);
    CHECK(*back - 9h < http_timeout + 2min);
}

TEST_CASE("the lease of a job is renewed each minute, under load within three") {
    bool loaded = false;
    SUBCASE("calm") {}
    SUBCASE("loaded") {
        loaded = true;
    }
    const auto troubles =
        loaded ? std::vector{episode(Trouble::overload, 0h, week)} : std::vector<Episode>{};
    LoneRunner lone{working(), troubles};
    std::optional<WallTime> before;
    std::size_t renewals = 0;
    auto longest = 0ns;
    lone.run_until(3 * 24h, [&](Instant) {
        const auto& renewed = lone.runner().visible().trace->lease_renewed;
        if (renewed && before && *renewed > *before) {
            CHECK(*renewed - *before >= 60s);
            longest = std::max(longest, *renewed - *before);
            ++renewals;
        }
        before = renewed;
    });
    CHECK(renewals > 500);
    CHECK(longest < (loaded ? 180s : 66s));
    CHECK((longest > 120s) == loaded);
}

TEST_CASE("a crash leaves the worker behind, and the next listener meets a conflict") {
    const Fate crash{.blow = Blow::crash, .at = 2h};
    bool orphan = false;
    bool conflict = false;
    for (std::uint64_t seed = 0; seed < 12; ++seed) {
        LoneRunner lone{working(), {}, {crash}, seed};
        lone.run_until(3h, [&](Instant) {
            for (const auto& process : *lone.runner().visible().processes) {
                orphan = orphan || (process.comm == "Runner.Worker" && process.parent == 1);
            }
        });
        CHECK(lone.hears("exited with error code null"));
        conflict = conflict || lone.hears("A session for this runner already exists.");
    }
    CHECK(orphan);
    CHECK(conflict);
}

TEST_CASE("a stolen session ends the service after four minutes of conflict") {
    LoneRunner lone{quiet(), {}, {{.blow = Blow::session_stolen, .at = 1h, .lasts = 2h}}};
    lone.run_until(2h);
    const auto exit = lone.hears("exited with error code 5");
    REQUIRE(exit);
    CHECK(*exit - 1h > 4min);
    CHECK(*exit - 1h < 5min);
    CHECK(lone.runner().truth(2h).cause == Cause::conflict);
}

TEST_CASE("an update exits with 3 and is back as a newer version") {
    LoneRunner lone{quiet(), {}, {{.blow = Blow::update, .at = 1h, .lasts = 2min}}};
    lone.run_until(1h + 2min);
    CHECK(lone.runner().truth(1h + 2min).doing == Doing::updating);
    lone.run_until(2h);
    const auto exit = lone.hears("exited with error code 3");
    REQUIRE(exit);
    CHECK(lone.hears("Starting Runner listener", *exit) == *exit + 5s);
    CHECK(lone.hears("Current runner version: '2.336.0'", *exit));
    CHECK(lone.runner().truth(2h).doing == Doing::idle);
}

TEST_CASE("a failed update stays what it was") {
    LoneRunner lone{quiet(), {}, {{.blow = Blow::update_fails, .at = 1h, .lasts = 2min}}};
    lone.run_until(2h);
    CHECK(lone.hears("Runner update failed:"));
    CHECK_FALSE(lone.hears("exited with error code"));
    CHECK(lone.runner().truth(2h).doing == Doing::idle);
}

TEST_CASE("a clock that is wrong by hours stops the service after half an hour") {
    auto wrong = episode(Trouble::clock_wrong, 0h, 3h);
    wrong.amount = 2h;
    LoneRunner lone{quiet(), {wrong}};
    lone.run_until(1h);
    CHECK(lone.count("clock may be out of sync") > 50);
    const auto exit = lone.hears("exited with error code 1");
    REQUIRE(exit);
    CHECK(*exit > 30min);
    CHECK(*exit < 32min);
}

TEST_CASE("an ephemeral runner ends with its job and is registered anew") {
    auto kind = working();
    kind.ephemeral = true;
    LoneRunner lone{kind, {}};
    lone.run_until(24h);
    CHECK(lone.count("Running job: ") > 3);
    CHECK(lone.count("Listening for Jobs") >= lone.count("√ Removed .runner"));
    CHECK(lone.count("√ Removed .runner") > 3);
    CHECK(lone.runner().visible().files->settings.has_value());
}

TEST_CASE("a listener that the memory ran out for is stopped by systemd") {
    LoneRunner lone{working(), {}, {{.blow = Blow::out_of_memory, .at = 1h, .lasts = 30h}}};
    lone.run_until(24h);
    CHECK(lone.runner().visible().unit->result == "oom-kill");
    CHECK(lone.runner().visible().unit->active_state == "failed");
    CHECK(lone.runner().truth(24h).blame == Blame::host);
}

TEST_CASE("a stopped listener takes one more answer, and then GitHub hangs up") {
    LoneRunner lone{
        quiet(), {}, {{.blow = Blow::hang, .at = 1h, .lasts = 2h, .ghost = Ghost::stopped}}};
    lone.run_until(1h + 5min);
    const auto& visible = lone.runner().visible();
    CHECK_FALSE(visible.socket(SocketOf::poll).established);
    CHECK(visible.socket(SocketOf::poll).received < 1h + 55s);
    CHECK(std::ranges::any_of(*visible.processes, [](const Process& process) {
        return process.comm == "Runner.Listener" && process.state == 'T';
    }));
    const auto truth = lone.runner().truth(1h + 5min);
    REQUIRE(truth.hang);
    CHECK(truth.hang->clear);
    CHECK(truth.hang->provable());
}

TEST_CASE("a half-open connection stays, hears nothing and cannot be proved without GitHub") {
    LoneRunner lone{
        quiet(), {}, {{.blow = Blow::hang, .at = 1h, .lasts = 2h, .ghost = Ghost::half_open}}};
    lone.run_until(2h);
    const auto& socket = lone.runner().visible().socket(SocketOf::poll);
    CHECK(socket.established);
    CHECK(socket.received <= 1h);
    CHECK_FALSE(lone.runner().truth(2h).hang->provable());
}

TEST_CASE("after a night's sleep the listener needs its time-out to notice") {
    LoneRunner lone{quiet(), {episode(Trouble::suspend, 1h, 9h)}};
    lone.run_until(1h);
    lone.runner().sleep(1h, 8h);
    lone.runner().resume(9h, 8h);
    CHECK(lone.runner().truth(9h).cause == Cause::suspended);
    lone.run_until(9h + http_timeout + 20s);
    CHECK(lone.runner().truth(9h + http_timeout + 20s).doing == Doing::idle);
    CHECK(lone.said().back().at < 1h);
}

}  // namespace paws::traces
