#include "collectors/journal.h"

#include "core/job_hook.h"
#include "tests/support/journal_writer.h"
#include "tests/support/temporary_directory.h"

#include <algorithm>
#include <fstream>

#include <doctest/doctest.h>
#include <poll.h>

using namespace paws;
using namespace paws::collectors;
using namespace std::chrono_literals;
namespace fs = std::filesystem;

namespace {

constexpr WallTime eight{std::chrono::sys_days{std::chrono::January / 12 / 2026} + 8h};
constexpr const char* unit = "actions.runner.acme-widgets.build-01.service";
constexpr const char* invocation = "11111111111111111111111111111111";
constexpr const char* starting = "Starting Runner listener with startup type: service";
constexpr const char* listening = "2026-01-12 08:00:04Z: Listening for Jobs";

Now at(std::chrono::nanoseconds after) {
    return {.wall = eight + after, .boot = BootTime{after}};
}

// The runner of these tests, as the units collector found it.
Facts found() {
    Runner runner{.name = "acme-widgets.build-01", .unit = unit, .root = "/opt/runner"};
    runner.unit_state.value = Unit{.active_state = "active",
                                   .invocation_id = invocation,
                                   .main_pid = 1200,
                                   .exec_main_pid = 1200,
                                   .active_enter = eight};
    Facts facts;
    facts.runners.push_back(std::move(runner));
    return facts;
}

Options in(const fs::path& directory) {
    return {.root = platform::RootFs::open("/").value(), .journal_directory = directory};
}

const std::optional<RunnerLog>& collect(JournalCollector& journal,
                                        Facts& facts,
                                        std::chrono::nanoseconds after = 1h) {
    const auto fill = journal.collect(facts, at(after));
    INFO((fill ? "" : fill.error().what));
    REQUIRE(fill);
    (*fill)(facts);
    return facts.runners.at(0).log.value;
}

// A start with a listener that listens.
void start(RunnerJournal& runner) {
    runner.shell(eight, ".path=/usr/bin:/bin");
    runner.say(eight, starting);
    runner.say(eight, "Started listener process, pid: 1215");
    runner.say(eight + 4s, "Current runner version: '2.335.1'");
    runner.say(eight + 4s, listening);
}

std::uint64_t jobs(const RunnerLog& log) {
    std::uint64_t sum = 0;
    for (const auto& [result, count] : log.counters.jobs) {
        sum += count;
    }
    return sum;
}

}  // namespace

TEST_CASE("journal: what was printed before the agent sets the state, what comes after counts") {
    for (const auto layout : {JournalWriter::Layout::compact, JournalWriter::Layout::regular}) {
        const TemporaryDirectory directory;
        JournalWriter writer{directory.path(), layout};
        RunnerJournal runner{writer, unit, invocation};
        start(runner);
        runner.say(eight + 10s, "2026-01-12 08:00:10Z: Running job: a");
        runner.say(eight + 60s, "2026-01-12 08:01:00Z: Job a completed with result: Succeeded");
        runner.say(eight + 90s, "2026-01-12 08:01:30Z: Running job: b");
        writer.commit();
        JournalCollector journal{in(directory.path())};
        auto facts = found();
        auto log = collect(journal, facts);
        REQUIRE(log);
        CHECK(log->version == "2.335.1");
        CHECK(log->listening == eight + 4s);
        CHECK(log->job->name == "b");
        CHECK(log->finished.size() == 1);
        CHECK(jobs(*log) == 0);
        runner.say(eight + 100s, "2026-01-12 08:01:40Z: Job b completed with result: Failed");
        writer.commit();
        log = collect(journal, facts);
        CHECK(jobs(*log) == 1);
        CHECK(log->counters.jobs[JobResult::failed] == 1);
        CHECK(log->counters.job_duration_sum_seconds == doctest::Approx(10));
        CHECK_FALSE(log->job);
    }
}

TEST_CASE("journal: lines of other processes, transports and units are not the runner's") {
    const TemporaryDirectory directory;
    JournalWriter writer{directory.path()};
    RunnerJournal runner{writer, unit, invocation};
    start(runner);
    const auto forged = "2026-01-12 08:10:00Z: Running job: forged";
    runner.say(eight + 1min, forged, {{"_PID", "4711"}});
    runner.say(eight + 1min, forged, {{"_TRANSPORT", "syslog"}});
    runner.say(eight + 1min, forged, {{"_TRANSPORT", "journal"}});
    runner.say(eight + 1min, forged, {{"_SYSTEMD_UNIT", "other.service"}});
    runner.say(eight + 1min, forged, {{"_PID", ""}});
    runner.say(eight + 1min, "Runner listener exited with error code 0", {{"_PID", "4711"}});
    writer.commit();
    JournalCollector journal{in(directory.path())};
    auto facts = found();
    auto log = collect(journal, facts);
    REQUIRE(log);
    CHECK_FALSE(log->job);
    CHECK_FALSE(log->listener_exit);
    runner.say(eight + 2min, forged, {{"_PID", "4711"}});
    writer.commit();
    CHECK_FALSE(journal.stirred());  // no wake for what a job prints
    runner.say(eight + 2min, "2026-01-12 08:10:00Z: Running job: real");
    writer.commit();
    CHECK(journal.stirred());
    log = collect(journal, facts);
    CHECK(log->job->name == "real");
}

TEST_CASE("journal: a new start of the unit brings a new wrapper, whose lines count") {
    const TemporaryDirectory directory;
    JournalWriter writer{directory.path()};
    RunnerJournal first{writer, unit, invocation};
    start(first);
    writer.commit();
    JournalCollector journal{in(directory.path())};
    auto facts = found();
    collect(journal, facts);
    RunnerJournal second{writer, unit, "22222222222222222222222222222222"};
    first.say(eight + 1min, "Runner listener exited with error code null");
    second.say(eight + 2min, ".path=/bin", {{"_PID", "2000"}});
    second.say(eight + 2min, starting, {{"_PID", "2003"}});
    second.say(eight + 2min, listening, {{"_PID", "2003"}});
    writer.commit();
    const auto& log = collect(journal, facts);
    CHECK(log->listening == eight + 2min);
    CHECK(log->recent_exits.size() == 1);
    CHECK(log->counters.listener_exits.at("null") == 1);
}

TEST_CASE("journal: a flood of job output does not push the wrapper's lines out of the history") {
    const TemporaryDirectory directory;
    JournalWriter writer{directory.path()};
    RunnerJournal runner{writer, unit, invocation};
    start(runner);
    for (int i = 0; i < 3000; ++i) {
        runner.say(eight + 1min, "flood " + std::to_string(i), {{"_PID", "4711"}});
    }
    writer.commit();
    JournalCollector journal{in(directory.path()), {.history = 100}};
    auto facts = found();
    CHECK(collect(journal, facts)->listening == eight + 4s);
}

TEST_CASE("journal: a round reads no more than its bound, and the next goes on") {
    const TemporaryDirectory directory;
    JournalWriter writer{directory.path()};
    RunnerJournal runner{writer, unit, invocation};
    start(runner);
    writer.commit();
    JournalCollector journal{in(directory.path()), {.entries = 10}};
    auto facts = found();
    collect(journal, facts);
    for (int i = 0; i < 20; ++i) {
        const auto when = eight + 10min + i * 10s;
        runner.say(when, "2026-01-12 08:10:00Z: Running job: a");
        runner.say(when + 5s, "2026-01-12 08:10:05Z: Job a completed with result: Succeeded");
    }
    writer.commit();
    CHECK(jobs(*collect(journal, facts)) == 5);
    CHECK(journal.stirred());
    CHECK(jobs(*collect(journal, facts)) == 15);
    CHECK(jobs(*collect(journal, facts)) == 20);
    CHECK(jobs(*collect(journal, facts)) == 20);
}

TEST_CASE("journal: a runner found later is read from its start, its jobs since ours count") {
    const TemporaryDirectory directory;
    JournalWriter writer{directory.path()};
    RunnerJournal runner{writer, unit, invocation};
    start(runner);
    runner.say(eight + 10s, "2026-01-12 08:00:10Z: Running job: old");
    runner.say(eight + 60s, "2026-01-12 08:01:00Z: Job old completed with result: Succeeded");
    writer.commit();
    JournalCollector journal{in(directory.path())};
    Facts none;
    REQUIRE(journal.collect(none, at(1h)));
    runner.say(eight + 70s, "2026-01-12 08:01:10Z: Running job: new");
    runner.say(eight + 80s, "2026-01-12 08:01:20Z: Job new completed with result: Failed");
    writer.commit();
    auto facts = found();
    auto log = collect(journal, facts);
    CHECK(log->finished.size() == 2);
    CHECK(jobs(*log) == 1);
    CHECK(log->counters.jobs[JobResult::failed] == 1);
    CHECK(jobs(*collect(journal, facts)) == 1);
}

TEST_CASE(
    "journal: a wrapper whose first lines are gone is believed once the process table names it") {
    const TemporaryDirectory directory;
    JournalWriter writer{directory.path()};
    RunnerJournal runner{writer, unit, invocation};
    runner.say(eight + 4s, listening);
    writer.commit();
    JournalCollector journal{in(directory.path())};
    auto facts = found();
    CHECK_FALSE(collect(journal, facts));  // nothing is known: no log rather than an empty one
    facts.runners[0].processes.value =
        ProcessTree{.processes = {{.pid = 1203, .parent = 1200, .role = ProcessRole::wrapper},
                                  {.pid = 1215, .parent = 1203, .role = ProcessRole::listener}}};
    const auto& log = collect(journal, facts);
    REQUIRE(log);
    CHECK(log->listening == eight + 4s);
}

TEST_CASE("journal: a unit just started that has said nothing yet has an empty log") {
    const TemporaryDirectory directory;
    JournalWriter writer{directory.path()};
    writer.add(eight, {{"MESSAGE", "of somebody else"}, {"_SYSTEMD_UNIT", "other.service"}});
    writer.commit();
    JournalCollector journal{in(directory.path())};
    auto facts = found();
    CHECK(collect(journal, facts, 10s));
}

TEST_CASE("journal: rotation, vacuum and damaged files lose nothing that is still there") {
    const TemporaryDirectory directory;
    JournalWriter writer{directory.path()};
    RunnerJournal runner{writer, unit, invocation};
    start(runner);
    writer.commit();
    JournalCollector journal{in(directory.path())};
    auto facts = found();
    collect(journal, facts);
    fs::rename(directory.path() / "system.journal", directory.path() / "system@0-1.journal");
    std::ofstream{directory.path() / "garbage.journal"} << std::string(100'000, 'x');
    fs::copy_file(directory.path() / "system@0-1.journal", directory.path() / "short.journal");
    fs::resize_file(directory.path() / "short.journal", 5000);
    runner.say(eight + 1min, "2026-01-12 08:01:00Z: Running job: a");
    writer.commit();
    CHECK(collect(journal, facts)->job->name == "a");
    fs::remove(directory.path() / "system@0-1.journal");  // vacuumed, our position with it
    runner.say(eight + 2min, "2026-01-12 08:02:00Z: Job a completed with result: Succeeded");
    writer.commit();
    CHECK(jobs(*collect(journal, facts)) == 1);
    JournalCollector other{in(directory.path())};
    auto again = found();
    CHECK_NOTHROW(collect(other, again));
}

TEST_CASE("journal: without a journal it is absent, and it is found when it appears") {
    const TemporaryDirectory directory;
    JournalCollector journal{in(directory.path())};
    auto facts = found();
    const auto nothing = journal.collect(facts, at(1h));
    REQUIRE_FALSE(nothing);
    CHECK(nothing.error().code == Errc::absent);
    CHECK(journal.fd() == -1);
    JournalWriter writer{directory.path()};
    RunnerJournal runner{writer, unit, invocation};
    start(runner);
    writer.commit();
    CHECK(collect(journal, facts)->listening);
}

TEST_CASE("journal: its fd is readable when a line comes") {
    const TemporaryDirectory directory;
    JournalWriter writer{directory.path()};
    RunnerJournal runner{writer, unit, invocation};
    start(runner);
    writer.commit();
    JournalCollector journal{in(directory.path())};
    auto facts = found();
    collect(journal, facts);
    journal.stirred();
    runner.say(eight + 1min, "2026-01-12 08:01:00Z: Running job: a");
    writer.commit();
    pollfd watched{.fd = journal.fd(), .events = POLLIN, .revents = 0};
    CHECK(::poll(&watched, 1, 5000) == 1);
    CHECK(journal.stirred());
}

TEST_CASE("journal: a stopped unit that systemd has forgotten is read from the last day") {
    const TemporaryDirectory directory;
    JournalWriter writer{directory.path()};
    RunnerJournal runner{writer, unit, invocation};
    start(runner);
    runner.say(eight + 1min, "The runner no longer exists on the server. Please reconfigure.");
    writer.commit();
    auto facts = found();
    facts.runners[0].unit_state.value = Unit{.active_state = "inactive"};
    JournalCollector journal{in(directory.path())};
    CHECK(collect(journal, facts)->unregistered);
    auto later = found();
    later.runners[0].unit_state.value = Unit{.active_state = "inactive"};
    JournalCollector days_later{in(directory.path())};
    CHECK_FALSE(collect(days_later, later, 72h)->unregistered);
}

TEST_CASE("journal: a runner that vanished is forgotten, the others are read on") {
    const TemporaryDirectory directory;
    JournalWriter writer{directory.path()};
    RunnerJournal runner{writer, unit, invocation};
    start(runner);
    writer.commit();
    JournalCollector journal{in(directory.path())};
    auto facts = found();
    facts.runners.push_back({.name = "z", .unit = "z.service", .root = ""});
    collect(journal, facts);
    facts.runners.pop_back();
    runner.say(eight + 1min, "2026-01-12 08:01:00Z: Running job: a");
    writer.commit();
    CHECK(collect(journal, facts)->job);
}

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

namespace {

// As a job's hook sends it, and journald completes it.
JournalWriter::Fields hook(int run, const JournalWriter::Fields& other = {}) {
    JournalWriter::Fields fields{{"_TRANSPORT", "journal"},
                                 {"_PID", "4711"},
                                 {"MESSAGE_ID", std::string{job_started_hook.message_id}},
                                 {"PAWS_REPOSITORY", "acme/widgets"},
                                 {"PAWS_WORKFLOW", "CI"},
                                 {"PAWS_JOB", "build"},
                                 {"PAWS_RUN_ID", std::to_string(run)},
                                 {"PAWS_RUN_ATTEMPT", "2"}};
    for (const auto& [name, value] : other) {
        fields[name] = value;
    }
    return fields;
}

constexpr const char* job_a = "2026-01-12 08:00:10Z: Running job: a";
constexpr const char* end_of_a = "2026-01-12 08:01:00Z: Job a completed with result: Succeeded";

}  // namespace

TEST_CASE(
    "journal: the hook of a job says whose it is, first word first, and changes nothing else") {
    const TemporaryDirectory directory;
    JournalWriter writer{directory.path()};
    RunnerJournal runner{writer, unit, invocation};
    start(runner);
    writer.commit();
    JournalCollector journal{in(directory.path())};
    auto facts = found();
    collect(journal, facts);
    runner.say(eight + 9s, "a job hook", hook(1));  // before any job: nobody's
    runner.say(eight + 10s, job_a);
    runner.say(eight + 12s, "a job hook", hook(2));
    runner.say(eight + 13s, "a forged one", hook(3));
    runner.say(eight + 14s,
               "a completed one",
               hook(4, {{"MESSAGE_ID", std::string{job_completed_hook.message_id}}}));
    writer.commit();
    CHECK(journal.stirred());
    auto log = collect(journal, facts);
    REQUIRE(log->job);
    CHECK(log->job->identity == JobIdentity{.repository = "acme/widgets",
                                            .workflow = "CI",
                                            .job = "build",
                                            .run_id = 2,
                                            .run_attempt = 2});
    runner.say(eight + 60s, end_of_a);
    runner.say(eight + 70s, "2026-01-12 08:01:10Z: Running job: b");
    writer.commit();
    log = collect(journal, facts);
    CHECK(log->finished.back().identity->run_id == 2);
    CHECK_FALSE(log->job->identity);
    runner.say(eight + 71s, "a job hook", hook(5));
    writer.commit();
    CHECK(collect(journal, facts)->job->identity->run_id == 5);
}

TEST_CASE("journal: a hook's entry of another user, unit, transport or kind says nothing") {
    const TemporaryDirectory directory;
    JournalWriter writer{directory.path()};
    RunnerJournal runner{writer, unit, invocation};
    start(runner);
    runner.say(eight + 10s, job_a);
    runner.say(eight + 11s, "hook", hook(1, {{"_UID", "1"}}));
    runner.say(eight + 11s, "hook", hook(1, {{"_UID", ""}}));
    runner.say(eight + 11s, "hook", hook(1, {{"_SYSTEMD_UNIT", "other.service"}}));
    runner.say(eight + 11s, "hook", hook(1, {{"_TRANSPORT", "syslog"}}));
    runner.say(eight + 11s, "hook", hook(1, {{"MESSAGE_ID", std::string(32, '0')}}));
    runner.say(eight + 11s, "hook", hook(1, {{"PAWS_RUN_ID", "-1"}}));
    writer.commit();
    JournalCollector journal{in(directory.path())};
    auto facts = found();
    CHECK_FALSE(collect(journal, facts)->job->identity);
    runner.say(eight + 12s, "hook", hook(1, {{"_UID", "1"}}));
    writer.commit();
    CHECK_FALSE(collect(journal, facts)->job->identity);
}

TEST_CASE("journal: hooks of jobs from before the agent are found, whatever else a job sends") {
    const TemporaryDirectory directory;
    JournalWriter writer{directory.path()};
    RunnerJournal runner{writer, unit, invocation};
    start(runner);
    runner.say(eight + 10s, job_a);
    runner.say(eight + 11s, "hook", hook(1));
    runner.say(eight + 60s, end_of_a);
    runner.say(eight + 70s, "2026-01-12 08:01:10Z: Running job: b");
    runner.say(eight + 71s, "hook", hook(2));
    for (int flood = 0; flood < 1000; ++flood) {
        runner.say(eight + 80s, "forged", hook(666));
    }
    writer.commit();
    JournalCollector journal{in(directory.path()), {.history = 100}};
    auto facts = found();
    const auto log = collect(journal, facts);
    REQUIRE(log->job);
    CHECK(log->job->identity->run_id == 2);
    CHECK(log->finished.back().identity->run_id == 1);
    runner.say(eight + 90s, "forged", hook(666));
    writer.commit();
    CHECK(collect(journal, facts)->job->identity->run_id == 2);
}

TEST_CASE("journal: what a worker's trace says of its job counts until the hook speaks") {
    const TemporaryDirectory directory;
    JournalWriter writer{directory.path()};
    RunnerJournal runner{writer, unit, invocation};
    start(runner);
    runner.say(eight + 10s, job_a);
    writer.commit();
    JournalCollector journal{in(directory.path())};
    auto facts = found();
    CHECK_FALSE(collect(journal, facts)->job->identity);
    const JobIdentity traced{.repository = "acme/traced", .run_id = 7};
    facts.runners[0].trace.value =
        RunnerTrace{.job = TracedJob{.started = eight + 5s, .identity = traced}};
    CHECK_FALSE(collect(journal, facts)->job->identity);  // of another job
    facts.runners[0].trace.value->job->started = eight + 10s;
    CHECK(collect(journal, facts)->job->identity == traced);
    runner.say(eight + 12s, "hook", hook(1));
    writer.commit();
    CHECK(collect(journal, facts)->job->identity->run_id == 1);
}
