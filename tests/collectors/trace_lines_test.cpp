#include "collectors/trace_lines.h"

#include <string>
#include <vector>

#include <doctest/doctest.h>

using namespace paws;
using namespace paws::collectors;
using namespace std::chrono_literals;

namespace {

constexpr WallTime three{std::chrono::sys_days{std::chrono::January / 2 / 2026} + 3h};

TraceEvent event(Traces says, std::chrono::nanoseconds after, std::string text = {}) {
    return {.says = says, .at = three + after, .text = std::move(text)};
}

std::string line(const std::string& component, const std::string& text) {
    return "[2026-01-02 03:00:05Z INFO " + component + "] " + text;
}

}  // namespace

TEST_CASE("trace_lines: the lines of both flows are told, whatever their dates look like") {
    struct Row {
        const char* component;
        const char* text;
        Traces says;
        const char* rest;
    };
    const std::vector<Row> rows{
        {"JobDispatcher",
         "Successfully renew job 2f9a0c1e-0000-4000-8000-000000000001, job is valid till "
         "01/02/2026 03:14:05",
         Traces::lease_renewed,
         ""},
        {"JobDispatcher",
         "Successfully renew job request 4711, job is valid till 2.1.2026 \xD9\xA3:14",
         Traces::lease_renewed,
         ""},
        {"JobDispatcher",
         "Catch exception during renew runner job 2f9a0c1e-0000-4000-8000-000000000001.",
         Traces::renewal_failed,
         ""},
        {"JobDispatcher",
         "Catch exception during renew runner jobrequest 4711.",
         Traces::renewal_failed,
         ""},
        {"JobDispatcher",
         "Lock renewal has run out of retry, stop renew lock for jobrequest 4711.",
         Traces::lease_lost,
         ""},
        {"JobDispatcher",
         "Job request 0 for plan 0a4b0000-0000-4000-8000-000000000001 job "
         "2f9a0c1e-0000-4000-8000-000000000001 received.",
         Traces::job_received,
         ""},
        {"JobDispatcher",
         "Worker finished for job 2f9a0c1e. Code: 100",
         Traces::worker_ended,
         "100"},
        {"JobDispatcher", "Worker finished for job 2f9a0c1e. Code: -1", Traces::worker_ended, "-1"},
        {"Listener", "Version: 2.336.0", Traces::listener_started, ""},
        {"Listener",
         "Runner execution has finished with return code 2",
         Traces::listener_ended,
         "2"},
        {"BrokerServer",
         "Back off 12.5 seconds before next retry. 4 attempt left.",
         Traces::backs_off,
         ""},
    };
    for (const auto& row : rows) {
        CAPTURE(row.text);
        CHECK(parse_trace_line(line(row.component, row.text)) == event(row.says, 5s, row.rest));
    }
}

TEST_CASE("trace_lines: other speakers, other words and what only looks like a line say nothing") {
    const std::string renewed = "Successfully renew job 1, job is valid till 1";
    for (const auto& text : {
             std::string{},
             std::string{"["},
             renewed,
             line("Terminal", "WRITE LINE: " + renewed),
             line("JobRunner", renewed),
             line("JobDispatcher", "Job request 0 for plan 1 job 2 is late"),
             line("JobDispatcher", "Worker finished for job 1. Code: Succeeded"),
             line("JobDispatcher", "Worker finished for job 1. Code: 1000000"),
             line("Listener", "Runner execution has finished with return code "),
             "[2026-13-02 03:00:05Z INFO JobDispatcher] " + renewed,
             "[2026-01-02 03:00:05Z NOTE JobDispatcher] " + renewed,
             "[2026-01-02 03:00:05Z INFO " + std::string(100, 'x') + "] " + renewed,
             std::string{"[2026-01-02 03:00:05Z INFO JobDispatcher]"},
             std::string(100'000, '['),
         }) {
        CAPTURE(text.substr(0, 80));
        CHECK_FALSE(parse_trace_line(text));
    }
}

TEST_CASE("trace_lines: the padded level and a line end of two characters are a line too") {
    CHECK(parse_trace_line("[2026-01-02 03:00:05Z ERR  JobDispatcher] Catch exception during renew "
                           "runner job 1.\r") == event(Traces::renewal_failed, 5s));
}

TEST_CASE("trace_lines: a lease is renewed, fails, is lost, and the next job begins without one") {
    RunnerTrace trace;
    const auto now = three + 1h;
    fold(trace, event(Traces::job_received, 0s), now);
    fold(trace, event(Traces::lease_renewed, 1s), now);
    fold(trace, event(Traces::lease_renewed, 61s), now);
    CHECK(trace.lease_renewed == three + 61s);
    fold(trace, event(Traces::renewal_failed, 2min), now);
    fold(trace, event(Traces::renewal_failed, 3min), now);
    CHECK(trace.renewal_failed == three + 2min);  // since when
    CHECK(trace.lease_renewed == three + 61s);
    fold(trace, event(Traces::lease_renewed, 4min), now);
    CHECK_FALSE(trace.renewal_failed);
    fold(trace, event(Traces::lease_lost, 14min), now);
    fold(trace, event(Traces::worker_ended, 15min, "137"), now);
    CHECK(trace.lease_lost == three + 14min);
    CHECK(trace.worker_exit_code == "137");
    fold(trace, event(Traces::job_received, 20min), now);
    CHECK_FALSE(trace.lease_renewed);
    CHECK_FALSE(trace.lease_lost);
    CHECK_FALSE(trace.worker_ended);
    CHECK(trace.worker_exit_code.empty());
}

TEST_CASE("trace_lines: the end of a listener holds until the next begins") {
    RunnerTrace trace;
    fold(trace, event(Traces::backs_off, 0s), three + 1h);
    fold(trace, event(Traces::listener_ended, 1s, "2"), three + 1h);
    CHECK(trace.listener_ended == three + 1s);
    CHECK(trace.listener_exit_code == "2");
    fold(trace, event(Traces::listener_started, 6s), three + 1h);
    CHECK_FALSE(trace.listener_ended);
    CHECK(trace.listener_exit_code.empty());
    CHECK(trace.backs_off == three);
}

TEST_CASE("trace_lines: what lies in the future is of now, and grows old from there") {
    RunnerTrace trace;
    fold(trace, event(Traces::lease_renewed, 24h), three);
    CHECK(trace.lease_renewed == three);
    hold_back(trace, three - 1h);  // the clock was set back
    CHECK(trace.lease_renewed == three - 1h);
    fold(trace, event(Traces::lease_renewed, -59min), three - 59min);
    CHECK(trace.lease_renewed == three - 59min);
}

TEST_CASE("trace_lines: of two listeners at once the newer renewal counts") {
    RunnerTrace trace;
    fold(trace, event(Traces::lease_renewed, 10min), three + 1h);
    fold(trace, event(Traces::lease_renewed, 9min), three + 1h);
    CHECK(trace.lease_renewed == three + 10min);
}
