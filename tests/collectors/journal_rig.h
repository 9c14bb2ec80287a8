// A runner's journal as the collector's tests write it, and what the collector makes of it.

#pragma once

#include "collectors/journal.h"
#include "tests/support/journal_writer.h"
#include "tests/support/temporary_directory.h"

#include <filesystem>

#include <doctest/doctest.h>

namespace paws::collectors::testing {

using namespace std::chrono_literals;
namespace fs = std::filesystem;

inline constexpr WallTime eight{std::chrono::sys_days{std::chrono::January / 12 / 2026} + 8h};
inline constexpr const char* unit = "actions.runner.acme-widgets.build-01.service";
inline constexpr const char* invocation = "11111111111111111111111111111111";
inline constexpr const char* starting = "Starting Runner listener with startup type: service";
inline constexpr const char* listening = "2026-01-12 08:00:04Z: Listening for Jobs";

inline Now at(std::chrono::nanoseconds after) {
    return {.wall = eight + after, .boot = BootTime{after}};
}

// The runner of these tests, as the units collector found it.
inline Facts found() {
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

inline Options in(const fs::path& directory) {
    return {.root = platform::RootFs::open("/").value(), .journal_directory = directory};
}

inline const std::optional<RunnerLog>& collect(JournalCollector& journal,
                                               Facts& facts,
                                               std::chrono::nanoseconds after = 1h) {
    const auto fill = journal.collect(facts, at(after));
    INFO((fill ? "" : fill.error().what));
    REQUIRE(fill);
    (*fill)(facts);
    return facts.runners.at(0).log.value;
}

// A start with a listener that listens.
inline void start(RunnerJournal& runner) {
    runner.shell(eight, ".path=/usr/bin:/bin");
    runner.say(eight, starting);
    runner.say(eight, "Started listener process, pid: 1215");
    runner.say(eight + 4s, "Current runner version: '2.335.1'");
    runner.say(eight + 4s, listening);
}

inline std::uint64_t jobs(const RunnerLog& log) {
    std::uint64_t sum = 0;
    for (const auto& [result, count] : log.counters.jobs) {
        sum += count;
    }
    return sum;
}

}  // namespace paws::collectors::testing
