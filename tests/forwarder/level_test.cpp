#include "forwarder/level.h"

#include <string>

#include <doctest/doctest.h>

using namespace paws::forwarder;

TEST_CASE("level: the priority of an entry is its level, what has none is info") {
    CHECK(level_of_priority("0") == Level::critical);
    CHECK(level_of_priority("1") == Level::critical);
    CHECK(level_of_priority("2") == Level::critical);
    CHECK(level_of_priority("3") == Level::error);
    CHECK(level_of_priority("4") == Level::warning);
    CHECK(level_of_priority("5") == Level::info);
    CHECK(level_of_priority("6") == Level::info);
    CHECK(level_of_priority("7") == Level::debug);
    for (const auto* odd : {"", "8", "-1", "00", " 3", "3 ", "err", "/", ":", "\xFF"}) {
        CHECK_MESSAGE(level_of_priority(odd) == Level::info, odd);
    }
    CHECK(level_of_priority(std::string(1'000'000, '3')) == Level::info);
}

TEST_CASE("level: a listener's own words tell more than its priority, also behind a time") {
    CHECK(level_of_console("An error occurred: x") == Level::error);
    CHECK(level_of_console("An error occured: x") == Level::error);
    CHECK(level_of_console("2026-01-02 03:04:05Z: Runner connect error: x. Retrying until "
                           "reconnected.") == Level::warning);
    CHECK(level_of_console("Warning: the clock") == Level::warning);
    CHECK(level_of_console("A session for this runner already exists.") == Level::warning);
    CHECK(
        level_of_console("Failed to create a session. The runner registration has been deleted") ==
        Level::error);
    for (const auto* plain : {"Listening for Jobs",
                              "no An error occurred",
                              "2026-01-02 03:04:05Z: Listening for Jobs",
                              "2026-01-02 03:04:05Z: ",
                              "2026-01-02",
                              "",
                              "\xFF\xFE"}) {
        CHECK_MESSAGE(!level_of_console(plain), plain);
    }
    CHECK_FALSE(level_of_console(std::string(1'000'000, 'x')));
}

TEST_CASE("level: a job that ends tells by its result, whatever its name says") {
    const std::string at = "2026-01-02 03:04:05Z: ";
    CHECK(level_of_console(at + "Job build completed with result: Failed") == Level::error);
    CHECK(level_of_console(at + "Job build completed with result: Canceled") == Level::warning);
    CHECK(level_of_console(at + "Job build completed with result: Abandoned") == Level::warning);
    CHECK(level_of_console(at + "Job b completed with result: SucceededWithIssues") ==
          Level::warning);
    CHECK_FALSE(level_of_console(at + "Job build completed with result: Succeeded"));
    CHECK_FALSE(level_of_console(
        at + "Job x completed with result: Failed completed with result: Skipped"));
    CHECK_FALSE(level_of_console(at + "Running job: Job completed with result: Failed"));
    CHECK_FALSE(level_of_console("build completed with result: Failed"));
}

TEST_CASE("level: with the trace on the console its word counts") {
    CHECK(level_of_console("[RUNNER 2026-01-02 03:04:05Z ERR  Listener] x") == Level::error);
    CHECK(level_of_console("[WORKER 2026-01-02 03:04:05Z WARN Worker] x") == Level::warning);
    CHECK(level_of_console("[RUNNER 2026-01-02 03:04:05Z VERB X] x") == Level::debug);
    CHECK(level_of_console("[RUNNER 2026-01-02 03:04:05Z INFO X] x") == Level::info);
    CHECK_FALSE(level_of_console("[RUNNER 2026-01-02 03:04:05Z INF"));
    CHECK_FALSE(level_of_console("[RUNNER ]"));
    CHECK_FALSE(level_of_console("[RUNNE 2026-01-02 03:04:05Z ERR  Listener] x"));
}

TEST_CASE("level: the words of a trace are those that the runner pads to four") {
    CHECK(level_of_trace("CRIT") == Level::critical);
    CHECK(level_of_trace("ERR ") == Level::error);
    CHECK(level_of_trace("WARN") == Level::warning);
    CHECK(level_of_trace("INFO") == Level::info);
    CHECK(level_of_trace("VERB") == Level::debug);
    for (const auto* odd : {"", "ERR", "info", "INFO ", "TRAC"}) {
        CHECK_FALSE_MESSAGE(level_of_trace(odd), odd);
    }
    for (const auto level : levels) {
        CHECK(static_cast<std::size_t>(level) < levels.size());
        CHECK_FALSE(to_string(level).empty());
    }
}
