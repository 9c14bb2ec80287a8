#include "collectors/runner_log.h"

#include <utility>
#include <vector>

#include <doctest/doctest.h>

using namespace paws;
using namespace paws::collectors;
using namespace std::chrono_literals;

namespace {

constexpr WallTime noon{std::chrono::sys_days{std::chrono::January / 12 / 2026} + 12h};

Says says(std::string_view line) {
    const auto event = parse_listener_line(line);
    INFO(std::string{line});
    REQUIRE(event);
    return event->says;
}

std::string text(std::string_view line) {
    const auto event = parse_listener_line(line);
    INFO(std::string{line});
    REQUIRE(event);
    return event->text;
}

}  // namespace

TEST_CASE("parse_listener_line: every line of wrapper and listener is known") {
    const std::vector<std::pair<std::string_view, Says>> lines{
        {"Starting Runner listener with startup type: service", Says::starting},
        {"Started listener process, pid: 1234", Says::launched},
        {"Started listener process, pid: undefined", Says::launched},
        {"Runner listener fail to start with error spawn /r/bin/Runner.Listener ENOENT",
         Says::launch_failed},
        {"Runner listener exited with error code 0", Says::exited},
        {"Runner listener exit with 0 return code, stop the service, no retry needed.",
         Says::stopping},
        {"Runner listener exit with terminated error, stop the service, no retry needed.",
         Says::stopping},
        {"Runner listener exit with retryable error, re-launch runner in 5 seconds.",
         Says::relaunching},
        {"Runner listener exit because of updating, re-launch runner in 5 seconds.",
         Says::relaunching},
        {"Runner listener exit with Session Conflict error, stop the service, no retry needed.",
         Says::stopping},
        {"Runner listener exit with undefined return code, re-launch runner in 5 seconds.",
         Says::relaunching},
        {"Runner listener exit with undefined return code, exiting service after 3 consecutive "
         "failures",
         Says::stopping},
        {"Stopping the runner after 10 consecutive re-tryable failures", Says::gave_up},
        {"Shutting down runner listener", Says::shutting_down},
        {"Sending SIGINT to runner listener to stop", Says::shutting_down},
        {"\u221a Connected to GitHub", Says::connected},
        {"? Connected to GitHub", Says::connected},
        {"Connected to GitHub", Says::connected},
        {"Current runner version: '2.336.0'", Says::version},
        {"2026-01-12 12:00:00Z: Listening for Jobs", Says::listening},
        {"2026-01-12 12:00:00Z: Running job: build", Says::job_started},
        {"2026-01-12 12:00:00Z: Job build completed with result: Succeeded", Says::job_finished},
        {"2026-01-12 12:00:00Z: Runner connect error: timeout. Retrying until reconnected.",
         Says::connect_error},
        {"2026-01-12 12:00:00Z: Runner reconnected.", Says::reconnected},
        {"A session for this runner already exists.", Says::conflict},
        {"Stop retry on SessionConflictException after retried for 240 seconds.", Says::conflict},
        {"Failed to create session. Error: Conflict", Says::session_failed},
        {"The local machine's clock may be out of sync with the server time by more than five "
         "minutes. Please sync your clock with your domain or internet time and try again.",
         Says::clock_skew},
        {"Stopped retrying OAuth token request exception after 1800 seconds.",
         Says::session_failed},
        {"Failed to create a session. The runner registration has been deleted from the server, "
         "please re-configure. Runner registrations are automatically deleted for runners that "
         "have not connected to the service recently.",
         Says::deregistered},
        {"The runner no longer exists on the server. Please reconfigure the runner.",
         Says::deregistered},
        {"The runner no longer exists on the server. Cleaning up local configuration.",
         Says::deregistered},
        {"\u221a Removed .credentials", Says::removed_credentials},
        {"\u221a Removed .runner", Says::removed_settings},
        {"An error occurred: Get next message failed with non-retryable error.", Says::error},
        {"An error occured: Name or service not known", Says::error},
        {"An error occurred: Runner version v2.300.2 is deprecated and cannot receive messages.",
         Says::deprecated},
        {"Runner is not configured.", Says::not_configured},
        {"Not configured. Run config.(sh/cmd) to configure the runner.", Says::not_configured},
        {"Fail to create and validate runner's work directory '/r/_work'.", Says::error},
        {"Runner update in progress, do not shutdown runner.", Says::update_begins},
        {"Downloading 2.337.0 runner", Says::update_progress},
        {"Waiting for current job finish running.", Says::update_progress},
        {"Generate and execute update script.", Says::update_progress},
        {"Runner will exit shortly for update, should be back online within 10 seconds.",
         Says::update_progress},
        {"Runner will exit shortly for update, should back online within 10 seconds.",
         Says::update_progress},
        {"Runner update failed: No space left on device", Says::update_failed},
        {"Runner update process finished.", Says::update_ends},
        {"Exiting...", Says::exiting}};
    for (const auto& [line, expected] : lines) {
        CHECK(says(line) == expected);
        CHECK(says("\x1B[32m" + std::string{line} + "\x1B[0m\r") == expected);
    }
}

TEST_CASE("parse_listener_line: job lines give name, result and the time they were printed") {
    const auto started = parse_listener_line("2026-01-12 12:00:00Z: Running job: build (ubuntu)");
    REQUIRE(started);
    CHECK(started->text == "build (ubuntu)");
    CHECK(started->printed == noon);
    const auto finished = parse_listener_line(
        "2026-01-12 12:00:00Z: Job test / unit: core completed with result: SucceededWithIssues");
    REQUIRE(finished);
    CHECK(finished->text == "test / unit: core");
    CHECK(finished->result == JobResult::succeeded_with_issues);
    CHECK(parse_listener_line("2026-01-12 12:00:00Z: Job x completed with result: Canceled")
              ->result == JobResult::canceled);
    CHECK(parse_listener_line("2026-01-12 12:00:00Z: Job x completed with result: Abandoned")
              ->result == JobResult::abandoned);
}

TEST_CASE("parse_listener_line: of a job's name that imitates a result the last one counts") {
    const auto finished = parse_listener_line(
        "2026-01-12 12:00:00Z: Job a completed with result: Succeeded completed with result: "
        "Failed");
    REQUIRE(finished);
    CHECK(finished->text == "a completed with result: Succeeded");
    CHECK(finished->result == JobResult::failed);
}

TEST_CASE("parse_listener_line: what a line quotes is kept") {
    CHECK(text("Runner listener exited with error code 0") == "0");
    CHECK(text("Runner listener exited with error code null") == "null");
    CHECK(text("Runner listener exited with error code -2") == "-2");
    CHECK(text("Current runner version: '2.336.0'") == "2.336.0");
    CHECK(text("2026-01-12 12:00:00Z: Runner connect error: Error: Conflict. Retrying until "
               "reconnected.") == "Error: Conflict");
    CHECK(text("2026-01-12 12:00:00Z: Runner connect error: worded otherwise") ==
          "worded otherwise");
    CHECK(text("Runner listener exit because of updating, re-launch runner in 5 seconds.") == "3");
    CHECK(text("Runner listener exit with something new, re-launch runner") == "other");
    CHECK(text("Failed to create session. Error: Conflict") == "Error: Conflict");
}

TEST_CASE("parse_listener_line: text from others is made printable and cut") {
    const auto started = parse_listener_line(
        "2026-01-12 12:00:00Z: Running job: \x1B[31mred\x1B[0m \"quoted\" \x07\xFF\u202E" +
        std::string(1'000'000, 'x'));
    REQUIRE(started);
    CHECK(started->text.starts_with("red \"quoted\" \uFFFD\uFFFD\uFFFDxxx"));
    CHECK(started->text.size() == 256);
}

TEST_CASE("parse_listener_line: a control sequence begun in a name swallows nothing behind it") {
    for (const auto* name : {"x\x1B[", "x\x1B[3", "x\x1B[31;"}) {
        const auto started =
            parse_listener_line("2026-01-12 12:00:00Z: Running job: " + std::string{name});
        const auto finished = parse_listener_line("2026-01-12 12:00:00Z: Job " + std::string{name} +
                                                  " completed with result: Failed");
        REQUIRE(started);
        REQUIRE(finished);
        CHECK(finished->result == JobResult::failed);
        CHECK(started->text == finished->text);
    }
}

TEST_CASE("parse_listener_line: a line break inside one entry stays part of the job's name") {
    const auto started = parse_listener_line(
        "2026-01-12 12:00:00Z: Running job: a\n2026-01-12 12:00:00Z: Listening for Jobs");
    REQUIRE(started);
    CHECK(started->says == Says::job_started);
    CHECK(started->text == "a\uFFFD2026-01-12 12:00:00Z: Listening for Jobs");
    CHECK_FALSE(parse_listener_line("Exiting...\nRunner listener exited with error code 0"));
    CHECK_FALSE(parse_listener_line("x\n2026-01-12 12:00:00Z: Listening for Jobs"));
}

TEST_CASE("parse_listener_line: other text says nothing") {
    for (const std::string_view line :
         {"",
          " \t\r\n",
          ".path=/usr/bin:/bin",
          "Started running service",
          "Listening for Jobs",  // no time: not the listener's
          "Running job: build",
          "2026-01-12 12:00:00Z: ",
          "2026-01-12 12:00:00Z: Job x completed with result: Perfect",
          "2026-01-12 12:00:00Z: Job x completed with result: ",
          "2026-01-12 12:00:00Z: Job completed",
          "2026-01-12 12:00:00Z: Listening for Jobs forever",
          "2026-13-12 12:00:00Z: Listening for Jobs",
          "2026-02-30 12:00:00Z: Listening for Jobs",
          "2026-01-12 24:00:00Z: Listening for Jobs",
          "9999-01-12 12:00:00Z: Listening for Jobs",
          "2026-01-12T12:00:00Z: Listening for Jobs",
          "x2026-01-12 12:00:00Z: Listening for Jobs",
          "[RUNNER 2026-01-12 12:00:00Z INFO Terminal] WRITE LINE: Exiting...",
          "Runner listener exited with error code 99999",
          "Runner listener exited with error code 1; rm -rf /",
          "Runner listener exit with a smile",
          "Current runner version: '$(reboot)'",
          "Current runner version: ''",
          "we are now Connected to GitHub, said somebody",
          "somebody else is Connected to GitHub",
          "\x1B[",
          "\xE2\x88",
          "\xFF\xFE\xFD"}) {
        INFO(std::string{line});
        CHECK_FALSE(parse_listener_line(line));
    }
    CHECK_FALSE(parse_listener_line(std::string(5'000'000, 'Z')));
    CHECK_FALSE(parse_listener_line(std::string("\0\0\0", 3)));
}
