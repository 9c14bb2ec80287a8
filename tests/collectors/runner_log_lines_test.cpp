#include "collectors/runner_log_lines.h"

#include <initializer_list>
#include <vector>

#include <doctest/doctest.h>

using namespace paws;
using namespace paws::collectors;
using namespace std::chrono_literals;

namespace {

constexpr WallTime eight{std::chrono::sys_days{std::chrono::January / 12 / 2026} + 8h};

std::vector<ListenerEvent> events(std::initializer_list<LogLine> lines) {
    RunnerLines runner;
    std::vector<ListenerEvent> found;
    for (const auto& line : lines) {
        if (auto event = runner.next(line)) {
            found.push_back(*event);
        }
    }
    return found;
}

}  // namespace

TEST_CASE("RunnerLines: a job's name with line breaks cannot say what only a listener says") {
    const auto found = events({
        {"2026-01-12 08:00:00Z: Running job: a", eight},
        {"2026-01-12 08:00:00Z: Job a completed with result: Succeeded", eight},
        {"2026-01-12 08:00:00Z: Listening for Jobs", eight + 1ms},
        {"Runner listener exited with error code 0", eight + 90ms},
        {"\u221a Removed .runner", eight + 180ms},
    });
    REQUIRE(found.size() == 1);
    CHECK(found[0].says == Says::job_started);
    CHECK(found[0].text == "a");
}

TEST_CASE("RunnerLines: the end of a job whose name has line breaks is found in its last line") {
    const auto found = events({
        {"2026-01-12 08:00:00Z: Running job: a", eight},
        {"b completed with result: Succeeded", eight},
        {"2026-01-12 08:00:00Z: Listening for Jobs", eight},
        {"2026-01-12 08:05:00Z: Job a", eight + 5min},
        {"b completed with result: Succeeded", eight + 5min},
        {"2026-01-12 08:00:00Z: Listening for Jobs completed with result: Failed", eight + 5min},
        {"\u221a Removed .runner", eight + 5min + 1ms},
    });
    REQUIRE(found.size() == 3);
    CHECK(found[1].says == Says::job_finished);
    CHECK(found[1].text == "a");
    CHECK(found[1].result == JobResult::failed);
    CHECK(found[2].says == Says::removed_settings);
}

TEST_CASE("RunnerLines: a name that ends in a line break leaves the result on a line of its own") {
    const auto found = events({
        {"2026-01-12 08:00:00Z: Running job: a", eight},
        {"2026-01-12 08:05:00Z: Job a", eight + 5min},
        {"completed with result: Canceled", eight + 5min},
    });
    REQUIRE(found.size() == 2);
    CHECK(found[1].result == JobResult::canceled);
}

TEST_CASE("RunnerLines: a first line that imitates a result does not end the job") {
    const auto found = events({
        {"2026-01-12 08:00:00Z: Running job: a completed with result: Succeeded", eight},
        {"b", eight},
        {"2026-01-12 08:05:00Z: Job a completed with result: Succeeded", eight + 5min},
        {"b completed with result: Failed", eight + 5min},
    });
    REQUIRE(found.size() == 2);
    CHECK(found[1].text == "a completed with result: Succeeded");
    CHECK(found[1].result == JobResult::failed);
}

TEST_CASE("RunnerLines: jobs with plain names follow each other at once") {
    const auto found = events({
        {"2026-01-12 08:00:00Z: Running job: a", eight},
        {"2026-01-12 08:00:02Z: Job a completed with result: Succeeded", eight + 2s},
        {"2026-01-12 08:00:02Z: Running job: b", eight + 2s},
        {"2026-01-12 08:00:03Z: Job b completed with result: Failed", eight + 3s},
        {"\u221a Removed .runner", eight + 3s},
        {"Runner listener exited with error code 0", eight + 3s},
    });
    CHECK(found.size() == 6);
}

TEST_CASE("RunnerLines: lines that the journal took late and together are still told apart") {
    const auto late = eight + 30s;  // journald waited for its disk
    const auto found = events({
        {"2026-01-12 08:00:00Z: Running job: a", late},
        {"2026-01-12 08:00:10Z: Job a completed with result: Succeeded", late},
        {"2026-01-12 08:00:12Z: Running job: b", late},
    });
    CHECK(found.size() == 3);
}

TEST_CASE("RunnerLines: the rest of an entry that the journal cut short says nothing") {
    const auto found = events({
        {"2026-01-12 08:00:00Z: Runner connect error: x", eight, true},
        {"2026-01-12 08:00:00Z: Listening for Jobs", eight, true},
        {"Exiting...", eight},
        {"Exiting...", eight},
    });
    REQUIRE(found.size() == 2);
    CHECK(found[0].says == Says::connect_error);
    CHECK(found[1].says == Says::exiting);
}

TEST_CASE("RunnerLines: a name longer than the journal's longest line ends its job all the same") {
    const std::string name(48'000, 'n');
    const auto started = "2026-01-12 08:00:00Z: Running job: " + name;
    const auto finished = "2026-01-12 08:09:00Z: Job " + name;
    const auto found = events({
        {started, eight, true},
        {"2026-01-12 08:00:00Z: Listening for Jobs", eight + 10s},  // the rest, however late
        {finished, eight + 9min, true},
        {"2026-01-12 08:00:00Z: Listening for Jobs completed with result: Skipped", eight + 9min},
    });
    REQUIRE(found.size() == 2);
    CHECK(found[1].result == JobResult::skipped);
    CHECK(found[1].text == found[0].text);
}

TEST_CASE("RunnerLines: a trace printed to the console does not hide the end of the job") {
    RunnerLines runner;
    REQUIRE(runner.next({"2026-01-12 08:00:00Z: Running job: a", eight}));
    auto at = eight;
    for (int i = 0; i < 1000; ++i) {
        at += 10ms;
        CHECK_FALSE(runner.next({"[WORKER 2026-01-12 08:00:00Z INFO StepsRunner] x", at}));
        CHECK_FALSE(runner.next({"   of several lines", at}));
    }
    CHECK(runner.next({"2026-01-12 08:00:10Z: Job a completed with result: Failed", at}));
}

TEST_CASE("RunnerLines: an end without a beginning counts") {
    const auto found = events({
        {"2026-01-12 08:00:00Z: Job a completed with result: Succeeded", eight},
        {"2026-01-12 08:01:00Z: Running job: b", eight + 1min},
        {"2026-01-12 08:02:00Z: Job other completed with result: Failed", eight + 2min},
    });
    CHECK(found.size() == 3);
}
