#include "collectors/journal.h"

#include "tests/collectors/journal_rig.h"

#include <algorithm>
#include <fstream>

#include <doctest/doctest.h>
#include <poll.h>

using namespace paws;
using namespace paws::collectors;
using namespace paws::collectors::testing;
using namespace std::chrono_literals;

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
    CHECK(::poll(&watched, 1, 20'000) == 1);
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
