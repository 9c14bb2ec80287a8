#include "pawsctl/render_logs.h"

#include "pawsctl/width.h"
#include "tests/pawsctl/golden_screen.h"

#include <string>
#include <vector>

#include <boost/json/parse.hpp>
#include <doctest/doctest.h>

using namespace paws::pawsctl;
using namespace paws::tests;

namespace {

constexpr Screen wide80{80, {}, false, true};

std::string drawn(const std::vector<std::string>& lines) {
    std::string all;
    for (const auto& line : lines) {
        all += line + "\n";
    }
    return all;
}

std::string shown(const boost::json::object& logs) {
    return drawn(render_logs(logs, wide80));
}

boost::json::object trial(const char* more) {
    auto document =
        boost::json::parse(R"({"trial":1,"running":false,"url":"https://loki.example.com",
          "pushed":true,"push_trouble":null,"push_seconds":0.012,"found":"yes",
          "find_trouble":null,"found_seconds":0.32,
          "query":"{host=\"build-host\", job=\"paws-agent\", level=\"info\"} |= \"1767\""})")
            .as_object();
    const auto changed = boost::json::parse(more);
    for (const auto& [key, value] : changed.as_object()) {
        document[key] = value;
    }
    return document;
}

}  // namespace

TEST_CASE("render_logs: each recorded answer is drawn as its golden screen") {
    for (const auto* name : {"logs_shipping",
                             "logs_retrying",
                             "logs_paused",
                             "logs_starting",
                             "logs_not_configured",
                             "logs_hostile"}) {
        check_screen(name, render_logs(recorded_answer(name), wide80));
    }
}

TEST_CASE("render_logs: narrow, wide, in colour and in ASCII the words are the same") {
    const auto logs = recorded_answer("logs_retrying");
    check_screen("logs_retrying_40", render_logs(logs, {40, {}, false, true}));
    check_screen("logs_retrying_160", render_logs(logs, {160, {}, false, true}));
    check_screen("logs_retrying_colour", render_logs(logs, {80, {}, true, true}));
    check_screen("logs_hostile_ascii",
                 render_logs(recorded_answer("logs_hostile"), {80, {}, false, false}));
}

TEST_CASE("render_logs: no line but a command is wider than the screen") {
    for (const auto* name : {"logs_shipping", "logs_retrying", "logs_paused", "logs_hostile"}) {
        const auto logs = recorded_answer(name);
        for (std::size_t columns = 1; columns <= 160; ++columns) {
            CAPTURE(name);
            CAPTURE(columns);
            for (const auto& line : render_logs(logs, {columns, {}, false, false})) {
                const bool fits = columns_of(line) <= columns || line.starts_with("  > ");
                CHECK(fits);
            }
        }
    }
}

TEST_CASE("render_logs: nothing that others wrote reaches the terminal as a command") {
    const auto text = shown(recorded_answer("logs_hostile"));
    for (const auto* bad : {"\x1b", "\x07", "\r", "\xC2\x9B", "\xE2\x80\xAE"}) {
        CHECK(text.find(bad) == std::string::npos);
    }
}

TEST_CASE("render_logs: a small reserve is a danger only while lines wait") {
    auto logs = recorded_answer("logs_shipping");
    logs["journal_reserve_bytes"] = 99'000'000;
    logs["lag_seconds"] = 60;
    CHECK(shown(logs).find("SystemMaxUse=") == std::string::npos);
    logs["lag_seconds"] = 61;
    CHECK(shown(logs).find("SystemMaxUse=") != std::string::npos);
    logs["journal_reserve_bytes"] = 100'000'000;
    CHECK(shown(logs).find("SystemMaxUse=") == std::string::npos);
    logs["journal_reserve_bytes"] = nullptr;
    CHECK(shown(logs).find("reserve") == std::string::npos);
}

TEST_CASE("render_logs: refused lines that could not even be kept are told") {
    auto logs = recorded_answer("logs_retrying");
    CHECK(shown(logs).find("1 600") == std::string::npos);
    logs["quarantine_left_out"] = 1'600;
    CHECK(shown(logs).find("but for 1 600") != std::string::npos);
}

TEST_CASE("render_logs: what is zero takes no room, and an answer that holds nothing is unknown") {
    const auto text = shown(recorded_answer("logs_shipping"));
    for (const auto* absent : {"lost", "gaps", "failures", "refused", "private key"}) {
        CAPTURE(absent);
        CHECK(text.find(absent) == std::string::npos);
    }
    CHECK(shown({{"configured", true}}).starts_with("unknown: "));
    CHECK(shown({}).starts_with("unknown: "));
}

TEST_CASE("render_trial: what worked, what did not, and what to look at next") {
    check_screen("logs_test_found", render_trial(trial("{}"), wide80));
    check_screen("logs_test_not_found",
                 render_trial(trial(R"({"found":"no","found_seconds":5.1})"), wide80));
    check_screen("logs_test_may_not_read",
                 render_trial(trial(R"({"found":"unknown",
                   "find_trouble":"Loki answers 403: no permission to read"})"),
                              wide80));
    check_screen("logs_test_not_pushed",
                 render_trial(trial(R"({"pushed":false,"found":"unknown",
                   "push_trouble":"Loki answers 401: no such token"})"),
                              wide80));
    check_screen("logs_test_colour", render_trial(trial("{}"), {80, {}, true, true}));
}
