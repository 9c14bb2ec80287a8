#include "forwarder/roster.h"

#include "forwarder/job_metadata.h"
#include "tests/forwarder/push_reader.h"

#include <doctest/doctest.h>

using namespace paws;
using namespace paws::forwarder;
using namespace std::chrono_literals;

namespace {

constexpr WallTime noon{std::chrono::sys_days{std::chrono::March / 1 / 2026} + 12h};
const JobIdentity some_run{
    .repository = "acme/widgets", .workflow = "CI", .job = "build", .run_id = 42, .run_attempt = 3};

Job job(const std::string& name, WallTime first, WallTime last) {
    Job made;
    made.name = name;
    made.first_line = first;
    made.last_line = last;
    return made;
}

JobSpan span(const std::string& name, WallTime begin, std::optional<WallTime> end) {
    return {.begin = begin, .end = end, .name = name, .identity = {}};
}

RosterRunner runner(std::vector<JobSpan> jobs, WallTime heard_to = noon) {
    return {.name = "acme.one",
            .unit = "one.service",
            .root = "/r",
            .heard_to = heard_to,
            .jobs = std::move(jobs)};
}

std::string name_at(const RosterRunner& runner, WallTime at, std::chrono::nanoseconds width = {}) {
    const auto* found = job_at(runner, at, width);
    return found == nullptr ? "" : found->name;
}

}  // namespace

TEST_CASE("roster: has the runners of the snapshot with their jobs, the running one last") {
    Snapshot snapshot;
    Runner one{.name = "acme.one", .unit = "one.service", .root = "/srv/one"};
    RunnerLog log;
    log.finished = {job("a", noon - 2h, noon - 1h)};
    log.job = job("b", noon - 10min, noon - 5min);
    log.job->identity = some_run;
    one.log.value = log;
    one.log.taken.wall = noon;
    snapshot.facts.runners = {one, Runner{.name = "silent", .unit = "", .root = ""}};
    const auto roster = roster_of(snapshot);
    REQUIRE(roster.runners.size() == 2);
    CHECK(roster.runners[0].heard_to == noon);
    auto running = span("b", noon - 10min, std::nullopt);
    running.identity = some_run;
    CHECK(roster.runners[0].jobs == std::vector<JobSpan>{span("a", noon - 2h, noon - 1h), running});
    CHECK(roster.runners[1].heard_to == WallTime{});
    CHECK(roster.of_unit("one.service") == roster.runners.data());
    CHECK(roster.of_name("silent") == &roster.runners[1]);
    CHECK(roster.of_unit("") == nullptr);  // not the one without a unit
    CHECK(roster.of_unit("two.service") == nullptr);
    CHECK(roster.of_name("two") == nullptr);
}

TEST_CASE("roster: earlier jobs are added once, in order, each to its runner") {
    Roster roster{{runner({span("b", noon - 1h, noon)})}};
    const std::vector<RunnerJob> earlier{
        {.runner = "acme.one", .record = {.job = job("b", noon - 1h, noon)}},
        {.runner = "acme.one", .record = {.job = job("a", noon - 3h, noon - 2h)}},
        {.runner = "other", .record = {.job = job("x", noon - 3h, noon - 2h)}}};
    add_earlier(roster, earlier);
    add_earlier(roster, earlier);
    CHECK(roster.runners[0].jobs ==
          std::vector<JobSpan>{span("a", noon - 3h, noon - 2h), span("b", noon - 1h, noon)});
}

TEST_CASE("job at: a job has the lines from its first to its last, both with them") {
    const auto one = runner({span("a", noon, noon + 1h), span("b", noon + 2h, std::nullopt)});
    CHECK(name_at(one, noon - 1ns).empty());
    CHECK(name_at(one, noon) == "a");
    CHECK(name_at(one, noon + 1h) == "a");
    CHECK(name_at(one, noon + 1h + 1ns).empty());
    CHECK(name_at(one, noon + 2h) == "b");
    CHECK(name_at(one, noon + 500h) == "b");
    CHECK(name_at(one, noon - 1s, 1s) == "a");  // a time to the second may be a second early
    CHECK(name_at(one, noon - 1s - 1ns, 1s).empty());
    CHECK(job_at(runner({}), noon) == nullptr);
}

TEST_CASE("knows job: once the runner's lines were read beyond it, and whose job it is") {
    CHECK_FALSE(knows_job(runner({}, noon), noon));
    CHECK(knows_job(runner({}, noon + 1ns), noon));
    CHECK_FALSE(knows_job(runner({}, noon + 1s), noon, 1s));
    CHECK(knows_job(runner({}, noon + 2s), noon, 1s));
    auto unnamed = span("a", noon - 1h, std::nullopt);
    CHECK_FALSE(knows_job(runner({unnamed}, noon + 1h), noon));
    unnamed.identity = some_run;
    CHECK(knows_job(runner({unnamed}, noon + 1h), noon));
}

TEST_CASE("job metadata: a job tells its name and, when it is known, its run") {
    Intake intake{Streams{{}}, *Redactor::create()};
    const auto told = [&](const JobSpan& job) {
        Metadata metadata;
        add_job(metadata, job, intake);
        Batch batch;
        batch.add(0, noon, "x", metadata);
        pushed::Metadata pairs;
        for (const auto& [name, value] : batch.decode(batch.items()[0]).metadata) {
            pairs.emplace_back(name, value);
        }
        return pairs;
    };
    auto one = span("build (linux)", noon, std::nullopt);
    CHECK(told(one) == pushed::Metadata{{"job_name", "build (linux)"}});
    one.identity = some_run;
    one.name = "a\nb";
    CHECK(told(one) == pushed::Metadata{{"job_name",
                                         "a\xEF\xBF\xBD"
                                         "b"},
                                        {"repository", "acme/widgets"},
                                        {"workflow", "CI"},
                                        {"run_id", "42"},
                                        {"run_attempt", "3"}});
}
