#include "pawsctl/diagnose_logs.h"

#include "tests/pawsctl/golden_screen.h"

#include <algorithm>

#include <doctest/doctest.h>

using namespace paws::pawsctl;
using namespace paws::tests;

namespace {

Check check(const boost::json::object& logs, const std::string& name) {
    const auto examined = diagnose_logs(logs);
    REQUIRE(examined.has_value());
    const auto found = std::ranges::find(examined->checks, name, &Check::name);
    REQUIRE(found != examined->checks.end());
    return *found;
}

}  // namespace

TEST_CASE("diagnose_logs: nothing is said where no logs are to be shipped, or nothing is known") {
    CHECK_FALSE(diagnose_logs(recorded_answer("logs_not_configured")).has_value());
    CHECK_FALSE(diagnose_logs({}).has_value());
}

TEST_CASE("diagnose_logs: what ships lacks nothing") {
    const auto examined = diagnose_logs(recorded_answer("logs_shipping"));
    REQUIRE(examined.has_value());
    for (const auto& each : examined->checks) {
        CAPTURE(each.name);
        CHECK(each.verdict == Verdict::well);
        CHECK(each.fix.empty());
    }
}

TEST_CASE("diagnose_logs: paused is a failure, retrying and late are not well") {
    const auto paused = check(recorded_answer("logs_paused"), "shipping");
    CHECK(paused.verdict == Verdict::failed);
    CHECK(paused.what.find("Loki answers 401") != std::string::npos);
    CHECK(paused.fix.starts_with("pawsctl config show"));
    const auto retrying = check(recorded_answer("logs_retrying"), "shipping");
    CHECK(retrying.verdict == Verdict::degraded);
    CHECK(retrying.fix == "curl -sS 'https://loki.example.com/ready'");
    CHECK(check(recorded_answer("logs_starting"), "shipping").verdict == Verdict::unknown);
    auto late = recorded_answer("logs_shipping");
    late["lag_seconds"] = 400;
    CHECK(check(late, "shipping").verdict == Verdict::degraded);
}

TEST_CASE("diagnose_logs: what may not be read is told with the command that opens it") {
    auto logs = recorded_answer("logs_retrying");
    const auto traces = check(logs, "traces");
    CHECK(traces.verdict == Verdict::degraded);
    CHECK(traces.fix == "setfacl -m u:paws-agent:rx '/opt/runner-2/_diag'");
    logs["traces_trouble"] = "a.b: /x/_diag/Worker_1.log: input/output error";
    CHECK(check(logs, "traces").fix == "journalctl -u paws-agent -n 50");
    logs["journal_trouble"] = "/var/log/journal: Permission denied; let paws-agent read it";
    const auto journal = check(logs, "journal");
    CHECK(journal.verdict == Verdict::failed);
    CHECK(journal.fix.starts_with("usermod -aG systemd-journal"));
}

TEST_CASE("diagnose_logs: a trouble of the journal is not told twice") {
    auto logs = recorded_answer("logs_shipping");
    logs["journal_trouble"] = "the journal is gone";
    logs["lag_seconds"] = nullptr;
    CHECK(check(logs, "shipping").verdict == Verdict::well);
    CHECK(check(logs, "journal").verdict == Verdict::failed);
}

TEST_CASE("diagnose_logs: what was refused or removed long ago is a note, no fault of today") {
    auto logs = recorded_answer("logs_retrying");
    CHECK(check(logs, "quarantine").verdict == Verdict::degraded);
    CHECK(check(logs, "quarantine").what.find("39 min ago") != std::string::npos);
    logs["time"] = "2026-11-25T15:00:00Z";
    CHECK_FALSE(check(logs, "quarantine").verdict.has_value());
    CHECK_FALSE(check(logs, "gaps").verdict.has_value());
    CHECK(check(logs, "gaps").what.find("1 time so far") != std::string::npos);
}
