#include "agent/log_verbs.h"

#include "tests/support/temporary_directory.h"

#include <thread>

#include <boost/json/parse.hpp>
#include <doctest/doctest.h>

using namespace paws;
using namespace paws::agent;
using namespace std::chrono_literals;

namespace {

namespace json = boost::json;

constexpr Now now{.wall = WallTime{std::chrono::sys_days{std::chrono::March / 1 / 2026}},
                  .boot = BootTime{1h}};

Request request(const std::string& verb, const std::string& arguments) {
    return {.verb = verb, .arguments = json::parse(arguments).as_object()};
}

json::object parsed(const std::string& answer) {
    return json::parse(answer).as_object();
}

std::string code_of(const std::string& answer) {
    const auto object = parsed(answer);
    return object.at("ok").as_bool() ? "ok" : std::string{object.at("code").as_string()};
}

// Keeps nothing.
class NoLedger final : public forwarder::Ledger {
    void load(std::function<void(Result<Kept>)> done) override { done(Kept{}); }
    void commit(forwarder::Progress progress,
                std::vector<QuarantinedLine> quarantined,
                std::function<void(Result<void>)> done) override {
        static_cast<void>(progress);
        static_cast<void>(quarantined);
        done({});
    }
};

struct Shipping {
    TemporaryDirectory directory;
    NoLedger ledger;
    std::unique_ptr<forwarder::Shipper> shipper;

    Shipping() {
        forwarder::ShipperOptions options;
        options.loki.url = "http://127.0.0.1:1";  // nobody listens there
        options.journal.directory = directory.path();
        options.root = directory.path();
        auto started = forwarder::Shipper::start(
            options, ledger, {.now = [] { return now; }, .want_facts = [] {}});
        REQUIRE(started);
        shipper = std::move(*started);
    }
};

}  // namespace

TEST_CASE("log verbs: without shipping they say what to set") {
    CHECK(code_of(follow_logs(request("logs_follow", R"({"after":0})"), nullptr, now)) ==
          "conflict");
    const auto refused = parsed(test_logs(request("logs_test", "{}"), nullptr));
    CHECK(refused.at("code") == "conflict");
    CHECK(refused.at("message") == "no logs are shipped: set [logs] loki_url and reload the agent");
}

TEST_CASE("log verbs: take one argument, a number, and nothing else") {
    for (const auto* odd : {"{}",
                            R"({"after":-1})",
                            R"({"after":"1"})",
                            R"({"after":1.5})",
                            R"({"after":1,"more":1})",
                            R"({"before":1})"}) {
        CHECK_MESSAGE(code_of(follow_logs(request("logs_follow", odd), nullptr, now)) == "usage",
                      odd);
    }
    for (const auto* odd : {R"({"trial":-1})", R"({"trial":null})", R"({"trial":1,"x":1})"}) {
        CHECK_MESSAGE(code_of(test_logs(request("logs_test", odd), nullptr)) == "usage", odd);
    }
    CHECK(code_of(follow_logs(
              request("logs_follow", R"({"after":18446744073709551615})"), nullptr, now)) ==
          "conflict");
}

TEST_CASE("log verbs: who follows is answered at once, with what there is") {
    const Shipping shipping;
    const auto answer =
        parsed(follow_logs(request("logs_follow", R"({"after":0})"), shipping.shipper.get(), now));
    CHECK(answer.at("result") == json::parse(R"({"since":"2026-03-01T00:00:00.000Z","lines":[]})"));
}

TEST_CASE("log verbs: who follows gets the lines after the number asked for") {
    const Shipping shipping;
    auto* shipper = shipping.shipper.get();
    const auto follow = [&](int after) {
        const auto asked = request("logs_follow", R"({"after":)" + std::to_string(after) + "}");
        return parsed(follow_logs(asked, shipper, now)).at("result").at("lines").as_array();
    };
    CHECK(follow(0).empty());
    forwarder::Streams streams{{{"host", "h"}}};
    forwarder::Batch batch;
    const auto stream = streams.of({.job = "journal", .unit = "a.service", .runner = ""}).first;
    for (const auto* line : {"one", "two"}) {
        batch.add(stream, now.wall + 1500ms, line, {});
    }
    shipper->audience().show(batch, streams, now);
    const auto labels = streams.labels(stream);
    const json::object second{
        {"number", 2}, {"time", "2026-03-01T00:00:01.500Z"}, {"labels", labels}, {"line", "two"}};
    REQUIRE(follow(0).size() == 2);
    CHECK(follow(0)[0].at("line") == "one");
    CHECK(follow(1) == json::array{second});
    CHECK(follow(2).empty());
}

TEST_CASE("log verbs: of many lines the newest come in one answer") {
    const Shipping shipping;
    auto* shipper = shipping.shipper.get();
    const auto asked = request("logs_follow", R"({"after":0})");
    follow_logs(asked, shipper, now);
    forwarder::Streams streams{{}};
    forwarder::Batch batch;
    const auto stream = streams.of({.job = "journal", .unit = "", .runner = ""}).first;
    for (int line = 0; line < 500; ++line) {
        batch.add(stream, now.wall, "line", {});
    }
    shipper->audience().show(batch, streams, now);
    const auto lines = parsed(follow_logs(asked, shipper, now)).at("result").at("lines").as_array();
    REQUIRE(lines.size() == 200);
    CHECK(lines.front().at("number") == 301);
    CHECK(lines.back().at("number") == 500);
}

TEST_CASE("log verbs: a trial is begun, asked for by its number, and tells what failed") {
    const Shipping shipping;
    auto* shipper = shipping.shipper.get();
    CHECK(code_of(test_logs(request("logs_test", R"({"trial":1})"), shipper)) == "not_found");
    const auto begun = parsed(test_logs(request("logs_test", "{}"), shipper));
    CHECK(begun.at("result") == json::parse(R"({"trial":1,"running":true})"));
    json::object told;
    do {
        told = parsed(test_logs(request("logs_test", R"({"trial":1})"), shipper))
                   .at("result")
                   .as_object();
        std::this_thread::yield();
    } while (told.at("running").as_bool());
    CHECK(told.at("pushed") == false);
    CHECK(told.at("found") == "unknown");
    CHECK(told.at("url") == "http://127.0.0.1:1");
    CHECK_FALSE(told.at("push_trouble").as_string().empty());
    CHECK(told.at("find_trouble").is_null());
    CHECK(code_of(test_logs(request("logs_test", R"({"trial":2})"), shipper)) == "not_found");
}
