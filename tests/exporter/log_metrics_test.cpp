#include "exporter/exposition.h"
#include "exporter/families.h"
#include "exporter/logs_json.h"
#include "tests/exporter/example.h"

#include <boost/json/serialize.hpp>
#include <boost/json/value.hpp>
#include <doctest/doctest.h>

using namespace paws;
using namespace paws::exporter;
using namespace paws::exporter::testing;
using namespace std::chrono_literals;

namespace {

Snapshot shipping(LogShipping logs) {
    Snapshot snapshot;
    snapshot.taken = noon;
    snapshot.logs = std::move(logs);
    return snapshot;
}

std::string text_of(const Snapshot& snapshot, const AgentInfo& agent = example_agent()) {
    return expose(to_families(snapshot, agent, {}), Format::text);
}

// The value of a series; empty when there is none.
std::string value_of(const std::string& text, const std::string& series) {
    const auto at = ("\n" + text).find("\n" + series + " ");
    if (at == std::string::npos) {
        return "";
    }
    const auto begin = at + series.size() + 1;
    return text.substr(begin, text.find('\n', begin) - begin);
}

std::string at(const boost::json::object& document, const char* pointer) {
    return boost::json::serialize(boost::json::value(document).at_pointer(pointer));
}

}  // namespace

TEST_CASE("log metrics: are told with the values of the shipping") {
    const auto text = text_of(example_snapshot());
    for (const auto& expected : std::vector<std::pair<std::string, std::string>>{
             {R"(paws_logs_entries_read_total{source="journal"})", "1200"},
             {R"(paws_logs_entries_read_total{source="diag"})", "34"},
             {"paws_logs_entries_sent_total", "1230"},
             {"paws_logs_sent_bytes_total", "56000"},
             {"paws_logs_quarantined_total", "1"},
             {"paws_logs_journal_gaps_total", "2"},
             {R"(paws_logs_dropped_total{reason="vacuumed"})", "17"},
             {R"(paws_logs_redactions_total{rule="github_token"})", "3"},
             {R"(paws_logs_redactions_total{rule="private_key"})", "0"},
             {R"(paws_logs_push_failures_total{reason="server"})", "5"},
             {"paws_logs_lag_seconds", "90"},
             {"paws_logs_paused", "0"},
             {"paws_logs_journal_reserve_bytes", "134217728"},
             {R"(paws_logs_push_duration_seconds_bucket{le="0.01"})", "0"},
             {R"(paws_logs_push_duration_seconds_bucket{le="0.025"})", "4"},
             {R"(paws_logs_push_duration_seconds_bucket{le="30"})", "4"},
             {R"(paws_logs_push_duration_seconds_bucket{le="+Inf"})", "5"},
             {"paws_logs_push_duration_seconds_count", "5"},
             {"paws_logs_push_duration_seconds_sum", "40.25"}}) {
        // Not bound by name: clang 14 lets no lambda, which this macro is, use such names.
        CHECK_MESSAGE(value_of(text, expected.first) == expected.second, expected.first);
    }
}

TEST_CASE("log metrics: label values that are known start at zero") {
    LogShipping logs;
    logs.state = ShippingState::shipping;
    const auto text = text_of(shipping(logs));
    for (const auto source : log_sources) {
        const auto label = "{source=\"" + std::string{to_string(source)} + "\"}";
        CHECK(value_of(text, "paws_logs_entries_read_total" + label) == "0");
    }
    for (const auto loss : log_losses) {
        const auto label = "{reason=\"" + std::string{to_string(loss)} + "\"}";
        CHECK(value_of(text, "paws_logs_dropped_total" + label) == "0");
    }
    for (const auto failure : push_failures) {
        const auto label = "{reason=\"" + std::string{to_string(failure)} + "\"}";
        CHECK(value_of(text, "paws_logs_push_failures_total" + label) == "0");
    }
    CHECK(value_of(text, "paws_logs_push_duration_seconds_count") == "0");
    CHECK(value_of(text, "paws_logs_lag_seconds") == "0");
    CHECK(value_of(text, "paws_logs_journal_reserve_bytes").empty());
}

TEST_CASE(
    "log metrics: a source that cannot be read is told, and one that nobody looked at is absent") {
    LogShipping logs;
    const auto readable = [&](const std::string& source) {
        return value_of(text_of(shipping(logs)),
                        "paws_logs_source_readable{source=\"" + source + "\"}");
    };
    CHECK(readable("journal").empty());
    logs.state = ShippingState::retrying;
    CHECK(readable("journal") == "1");
    CHECK(readable("diag") == "1");
    logs.journal_trouble = "Permission denied";
    CHECK(readable("journal") == "0");
    CHECK(readable("diag") == "1");
    logs.traces_trouble = "one: Permission denied";
    CHECK(readable("diag") == "0");
    logs.ships_traces = false;
    CHECK(readable("diag").empty());
}

TEST_CASE(
    "log metrics: are absent when no logs are shipped, and when the agent stopped publishing") {
    auto snapshot = example_snapshot();
    auto agent = example_agent();
    agent.now.boot += 31s;
    CHECK(text_of(snapshot, agent).find("paws_logs_") == std::string::npos);
    snapshot.logs.reset();
    CHECK(text_of(snapshot).find("paws_logs_") == std::string::npos);
}

TEST_CASE(
    "log metrics: the lag is unknown at first, grows while lines wait, and is never negative") {
    LogShipping logs;
    const auto lag = [&] { return value_of(text_of(shipping(logs)), "paws_logs_lag_seconds"); };
    CHECK(lag().empty());
    logs.state = ShippingState::paused;
    logs.oldest_waiting = noon.wall - 1h;
    CHECK(lag() == "3600");
    CHECK(value_of(text_of(shipping(logs)), "paws_logs_paused") == "1");
    logs.oldest_waiting = noon.wall + 1h;
    CHECK(lag() == "0");
}

TEST_CASE("log lag: is not known while the journal cannot be read and nothing else waits") {
    auto logs = example_logs();
    logs.state = ShippingState::shipping;
    logs.journal_trouble = "Permission denied";
    const auto in_metrics = [&] {
        return value_of(text_of(shipping(logs)), "paws_logs_lag_seconds");
    };
    const auto in_json = [&] {
        const auto snapshot = shipping(logs);
        const auto in_short = shipping_json(snapshot, example_agent()).as_object();
        CHECK(at(in_short, "/lag_seconds") ==
              at(logs_json(snapshot, example_agent()), "/lag_seconds"));
        return at(in_short, "/lag_seconds");
    };
    logs.oldest_waiting = noon.wall - 90s;  // a line of a trace
    CHECK(in_metrics() == "90");
    CHECK(in_json() == "9E1");
    logs.oldest_waiting.reset();
    CHECK(in_metrics().empty());
    CHECK(in_json() == "null");
    logs.journal_trouble.clear();
    CHECK(in_metrics() == "0");
    CHECK(in_json() == "0E0");
    logs.state = ShippingState::starting;
    CHECK(in_metrics().empty());
    CHECK(in_json() == "null");
}

TEST_CASE("logs_json: everything known of the shipping") {
    const auto document = logs_json(example_snapshot(), example_agent());
    CHECK(at(document, "/version") == "1");
    CHECK(at(document, "/configured") == "true");
    CHECK(at(document, "/state") == R"("retrying")");
    CHECK(at(document, "/trouble") == R"("Loki answers 503")");
    CHECK(at(document, "/journal_trouble") == "null");
    CHECK(at(document, "/url") == R"("https://loki.example")");
    CHECK(at(document, "/lag_seconds") == "9E1");
    CHECK(at(document, "/shipped_to") == R"("2025-11-23T13:58:25.000Z")");
    CHECK(at(document, "/last_push") == R"("2025-11-23T13:58:40.000Z")");
    CHECK(at(document, "/journal_reserve_bytes") == "134217728");
    CHECK(at(document, "/counts/read") == R"({"journal":1200,"diag":34})");
    CHECK(at(document, "/counts/dropped") ==
          R"({"vacuumed":17,"suppressed":0,"unreadable":0,"too_long":0})");
    CHECK(at(document, "/counts/redactions/github_token") == "3");
    CHECK(at(document, "/counts/push_failures/server") == "5");
    CHECK(at(document, "/counts/push_failures/url") == "0");
    CHECK(at(document, "/quarantine/0") ==
          R"({"time":"2025-11-23T13:00:00.000Z","labels":"{host=\"build-01\"}",)"
          R"("line":"a line","reason":"Loki answers 400: no"})");
    CHECK(at(document, "/quarantine_left_out") == "0");
}

TEST_CASE(
    "logs_json: without shipping it says only that, and of an agent that hangs nothing is known") {
    Snapshot snapshot;
    snapshot.taken = noon;
    CHECK(boost::json::serialize(logs_json(snapshot, example_agent())) ==
          R"({"version":1,"time":"2025-11-23T14:00:00.000Z","configured":false})");
    auto agent = example_agent();
    agent.now.boot += 31s;
    CHECK(at(logs_json(example_snapshot(), agent), "/state") == R"("unknown")");
    CHECK(at(logs_json(example_snapshot(), agent), "/lag_seconds") == "null");
}

TEST_CASE("logs_json: a line that seems to be of the future makes no negative lag") {
    auto logs = example_logs();
    logs.oldest_waiting = noon.wall + 1h;
    CHECK(at(logs_json(shipping(logs), example_agent()), "/lag_seconds") == "0E0");
}
