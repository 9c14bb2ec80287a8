// Whose job it is, as its hook told the journal.

#include "core/job_hook.h"
#include "tests/collectors/journal_rig.h"

#include <doctest/doctest.h>

using namespace paws;
using namespace paws::collectors;
using namespace paws::collectors::testing;
using namespace std::chrono_literals;

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
