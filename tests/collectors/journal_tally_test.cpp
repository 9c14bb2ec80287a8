// Counters and their place in the journal: what an agent counts that was not there all the time.

#include "tests/collectors/journal_rig.h"

#include <algorithm>
#include <atomic>
#include <fstream>
#include <thread>

#include <doctest/doctest.h>

using namespace paws;
using namespace paws::collectors;
using namespace paws::collectors::testing;
using namespace std::chrono_literals;

namespace {

constexpr const char* runs_a = "2026-01-12 08:00:10Z: Running job: a";
constexpr const char* a_succeeded = "2026-01-12 08:01:00Z: Job a completed with result: Succeeded";

// What an agent that ended has kept.
Tallies kept(const Facts& facts) {
    Tallies tallies{.origin = facts.journal_origin, .by_unit = {}};
    for (const auto& runner : facts.runners) {
        if (runner.log.value && !runner.log.value->counted_to.empty()) {
            tallies.by_unit.emplace(runner.unit, tally_of(*runner.log.value));
        }
    }
    return tallies;
}

Options going_on(const fs::path& directory, std::optional<Tallies> tallies) {
    auto options = in(directory);
    options.tallies = std::move(tallies);
    return options;
}

void run_job(RunnerJournal& runner, std::chrono::nanoseconds from) {
    runner.say(eight + from, runs_a);
    runner.say(eight + from + 5s, a_succeeded);
}

}  // namespace

TEST_CASE("journal: a new agent counts on from where the one before it ended, each line once") {
    const TemporaryDirectory directory;
    JournalWriter writer{directory.path()};
    RunnerJournal runner{writer, unit, invocation};
    start(runner);
    writer.commit();
    auto facts = found();
    {
        JournalCollector first{in(directory.path())};
        collect(first, facts);
        run_job(runner, 10s);
        runner.say(eight + 60s, runs_a);
        writer.commit();
        CHECK(jobs(*collect(first, facts)) == 1);
    }
    const auto saved = kept(facts);
    runner.say(eight + 90s, a_succeeded);  // while no agent runs
    run_job(runner, 100s);
    writer.commit();
    for (int crash = 0; crash < 3; ++crash) {  // none of them has saved what it counted
        JournalCollector next{going_on(directory.path(), saved)};
        auto after = found();
        auto log = collect(next, after);
        REQUIRE(log);
        CHECK(jobs(*log) == 3);
        CHECK(log->counters.job_duration_sum_seconds == doctest::Approx(5 + 30 + 5));
        CHECK(log->counters.lost.empty());
        CHECK(log->finished.size() == 3);
        facts = after;
    }
    JournalCollector last{going_on(directory.path(), kept(facts))};
    auto after = found();
    CHECK(jobs(*collect(last, after)) == 3);
    run_job(runner, 200s);
    writer.commit();
    CHECK(jobs(*collect(last, after)) == 4);
}

TEST_CASE("journal: lines that come while those before them are read are not counted twice") {
    const TemporaryDirectory directory;
    JournalWriter writer{directory.path()};
    RunnerJournal runner{writer, unit, invocation};
    start(runner);
    writer.commit();
    auto facts = found();
    {
        JournalCollector first{in(directory.path())};
        collect(first, facts);
    }
    constexpr std::uint64_t exits = 3'000;
    for (std::uint64_t exit = 0; exit < exits; ++exit) {
        runner.say(eight + 10s + exit * 1s, "Runner listener exited with error code null");
    }
    std::atomic<bool> written = false;
    std::thread host{[&] {
        writer.commit();
        written = true;
    }};
    for (bool last = false; !last;) {  // each ends at once, and the next one takes over
        last = written;
        JournalCollector next{going_on(directory.path(), kept(facts))};
        facts = found();
        collect(next, facts);
    }
    host.join();
    JournalCollector next{going_on(directory.path(), kept(facts))};
    auto after = found();
    const auto counted = collect(next, after)->counters.listener_exits.at("null");
    CHECK(counted <= exits);
    CHECK(counted + 5 > exits);  // one that is half written when a collector opens may be missed
}

TEST_CASE("journal: what a runner did over several starts while no agent ran is counted") {
    const TemporaryDirectory directory;
    JournalWriter writer{directory.path()};
    RunnerJournal runner{writer, unit, invocation};
    start(runner);
    writer.commit();
    auto facts = found();
    {
        JournalCollector first{in(directory.path())};
        collect(first, facts);
        runner.say(eight + 10s, runs_a);
        writer.commit();
        collect(first, facts);
    }
    runner.say(eight + 20s, "Runner listener exited with error code null");
    RunnerJournal second{writer, unit, "22222222222222222222222222222222"};
    second.say(eight + 1min, ".path=/bin", {{"_PID", "2000"}});
    second.say(eight + 1min, starting, {{"_PID", "2003"}});
    second.say(eight + 1min, listening, {{"_PID", "2003"}});
    second.say(eight + 2min, runs_a, {{"_PID", "2003"}});
    second.say(eight + 3min, a_succeeded, {{"_PID", "2003"}});
    RunnerJournal third{writer, unit, "33333333333333333333333333333333"};
    third.say(eight + 4min, ".path=/bin", {{"_PID", "3000"}});
    third.say(eight + 4min, starting, {{"_PID", "3003"}});
    third.say(eight + 4min, listening, {{"_PID", "3003"}});
    writer.commit();
    JournalCollector next{going_on(directory.path(), kept(facts))};
    auto after = found();
    after.runners[0].unit_state.value->invocation_id = "33333333333333333333333333333333";
    after.runners[0].unit_state.value->main_pid = 3000;
    after.runners[0].unit_state.value->exec_main_pid = 3000;
    const auto& log = collect(next, after);
    REQUIRE(log);
    CHECK(log->listening == eight + 4min);
    CHECK(jobs(*log) == 2);
    CHECK(log->counters.lost.at(LostReason::listener_exit) == 1);
    CHECK(log->counters.jobs.at(JobResult::succeeded) == 1);
    CHECK(log->counters.listener_exits.at("null") == 1);
}

TEST_CASE("journal: what is to be counted on is counted over rounds, and told when it is whole") {
    const TemporaryDirectory directory;
    JournalWriter writer{directory.path()};
    RunnerJournal runner{writer, unit, invocation};
    start(runner);
    writer.commit();
    auto facts = found();
    {
        JournalCollector first{in(directory.path())};
        collect(first, facts);
    }
    for (int i = 0; i < 40; ++i) {
        run_job(runner, 1min + i * 10s);
    }
    writer.commit();
    JournalCollector next{going_on(directory.path(), kept(facts)), {.entries = 30}};
    auto after = found();
    int rounds = 0;
    for (; rounds < 10 && !after.runners[0].log.value; ++rounds) {
        collect(next, after);
    }
    REQUIRE(after.runners[0].log.value);
    CHECK(rounds > 2);
    CHECK(jobs(*after.runners[0].log.value) == 40);
    CHECK(after.runners[0].log.value->finished.size() == 40);  // nobody was told of them
    collect(next, after);
    run_job(runner, 20min);
    writer.commit();
    CHECK(collect(next, after)->finished.size() == 11);  // ten and the new one
    CHECK(jobs(*after.runners[0].log.value) == 41);
}

TEST_CASE("journal: a place that was vacuumed, is another journal's or none at all stops nothing") {
    const TemporaryDirectory directory;
    JournalWriter writer{directory.path()};
    RunnerJournal runner{writer, unit, invocation};
    start(runner);
    writer.commit();
    auto facts = found();
    {
        JournalCollector first{in(directory.path())};
        collect(first, facts);
        run_job(runner, 10s);
        writer.commit();
        collect(first, facts);
    }
    auto saved = kept(facts);
    REQUIRE(saved.by_unit.at(unit).counters.jobs.at(JobResult::succeeded) == 1);

    const TemporaryDirectory other;  // only what came later is there
    JournalWriter later{other.path()};
    for (int i = 0; i < 20; ++i) {  // the boot goes on: what comes now is later on its clock too
        later.add(eight + 50s, {{"MESSAGE", "x"}, {"_SYSTEMD_UNIT", "other.service"}});
    }
    RunnerJournal same{later, unit, invocation};
    same.shell(eight + 1min, ".path=/usr/bin:/bin");
    same.say(eight + 1min, starting);
    same.say(eight + 1min, listening);
    run_job(same, 2min);
    later.commit();
    JournalCollector next{going_on(other.path(), saved)};
    auto after = found();
    auto log = collect(next, after);
    REQUIRE(log);
    CHECK(jobs(*log) == 2);

    saved.by_unit.at(unit).counted_to = "no cursor";
    saved.origin = "neither";
    JournalCollector lost{going_on(other.path(), saved)};
    auto lost_facts = found();
    collect(lost, lost_facts);
    log = collect(lost, lost_facts);
    REQUIRE(log);
    CHECK(jobs(*log) == 1);  // what was counted stays
    run_job(same, 3min);
    later.commit();
    CHECK(jobs(*collect(lost, lost_facts)) == 2);
}

TEST_CASE("journal: counters whose past is not known yet say so") {
    const TemporaryDirectory directory;
    JournalWriter writer{directory.path()};
    RunnerJournal runner{writer, unit, invocation};
    start(runner);
    writer.commit();
    JournalCollector journal{going_on(directory.path(), std::nullopt)};
    auto facts = found();
    CHECK_FALSE(collect(journal, facts)->counters_known);
    JournalCollector other{in(directory.path())};
    auto again = found();
    CHECK(collect(other, again)->counters_known);
}

TEST_CASE("journal: a runner that goes and comes back keeps its counters") {
    const TemporaryDirectory directory;
    JournalWriter writer{directory.path()};
    RunnerJournal runner{writer, unit, invocation};
    start(runner);
    writer.commit();
    JournalCollector journal{in(directory.path())};
    auto facts = found();
    collect(journal, facts);
    run_job(runner, 10s);
    writer.commit();
    collect(journal, facts);
    Facts none;
    REQUIRE(journal.collect(none, at(1h)));
    run_job(runner, 1min);
    writer.commit();
    REQUIRE(journal.collect(none, at(1h)));
    auto back = found();
    CHECK(jobs(*collect(journal, back)) == 2);
}

TEST_CASE("journal: a job whose worker is gone for more than two minutes is lost, once") {
    const TemporaryDirectory directory;
    JournalWriter writer{directory.path()};
    RunnerJournal runner{writer, unit, invocation};
    start(runner);
    writer.commit();
    JournalCollector journal{in(directory.path())};
    auto facts = found();
    collect(journal, facts, 1s);
    runner.say(eight + 10s, runs_a);
    writer.commit();
    const auto tick = [&](JournalCollector& collector, std::chrono::seconds when, int workers) {
        ProcessTree tree;
        tree.counts[ProcessRole::worker] = static_cast<std::uint64_t>(workers);
        facts.runners[0].processes = {.value = tree, .taken = at(when)};
        return *collect(collector, facts, when);
    };
    CHECK(tick(journal, 11s, 0).job);
    CHECK(tick(journal, 15s, 1).job);
    CHECK(tick(journal, 60s, 0).job);
    CHECK(tick(journal, 180s, 0).job);
    const auto log = tick(journal, 181s, 0);
    CHECK_FALSE(log.job);
    CHECK(log.counters.lost.at(LostReason::worker_gone) == 1);
    CHECK(log.finished.back().finished == eight + 181s);
    const auto saved = kept(facts);
    facts = found();
    JournalCollector next{going_on(directory.path(), saved)};
    for (const auto when : {200s, 300s, 500s}) {
        const auto again = tick(next, when, 0);
        CHECK_FALSE(again.job);
        CHECK(again.counters.lost.at(LostReason::worker_gone) == 1);
    }
    // Where processes are hidden nothing is gone.
    runner.say(eight + 600s, runs_a);
    writer.commit();
    for (int second = 610; second < 1000; second += 5) {
        ProcessTree tree{.error = "hidepid"};
        facts.runners[0].processes = {.value = tree, .taken = at(std::chrono::seconds{second})};
        CHECK(collect(next, facts, std::chrono::seconds{second})->job);
    }
}

TEST_CASE("journal: a wrapper that only the process table names is believed without systemd too") {
    const TemporaryDirectory directory;
    JournalWriter writer{directory.path()};
    RunnerJournal runner{writer, unit, invocation};
    writer.add(eight, {{"MESSAGE", "of somebody else"}, {"_SYSTEMD_UNIT", "other.service"}});
    writer.commit();
    auto facts = found();
    facts.runners[0].unit_state.value.reset();
    {
        JournalCollector first{in(directory.path())};
        collect(first, facts);
    }
    run_job(runner, 10s);  // its first lines were vacuumed
    writer.commit();
    JournalCollector next{going_on(directory.path(), kept(facts))};
    facts.runners[0].log = {};
    CHECK_FALSE(collect(next, facts));
    facts.runners[0].processes.value =
        ProcessTree{.processes = {{.pid = 1203, .parent = 1200, .role = ProcessRole::wrapper},
                                  {.pid = 1215, .parent = 1203, .role = ProcessRole::listener}}};
    const auto& log = collect(next, facts);
    REQUIRE(log);
    CHECK(jobs(*log) == 1);
}
