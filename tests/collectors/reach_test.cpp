#include "collectors/reach.h"

#include "tests/support/facts.h"

#include <atomic>
#include <future>
#include <memory>
#include <thread>

#include <doctest/doctest.h>

using namespace paws;
using namespace paws::collectors;
using namespace std::chrono_literals;

namespace {

using platform::HttpAnswer;
using platform::HttpOptions;
using platform::HttpRequest;
using platform::HttpResult;

RunnerSettings v2_settings() {
    RunnerSettings settings;
    settings.github_url = "https://github.com/acme/widgets";
    settings.server_url = "https://pipelines.actions.githubusercontent.com/AbC/";
    settings.server_url_v2 = "https://broker.actions.githubusercontent.com/";
    settings.use_v2_flow = true;
    return settings;
}

Facts one_runner(const RunnerSettings& settings, const std::string& proxy = "") {
    Facts facts;
    facts.runners.push_back(unmanaged("build-01", "/r"));
    RunnerFiles files;
    files.settings = settings;
    files.proxy = proxy;
    facts.runners[0].files = {.value = files, .taken = noon};
    return facts;
}

constexpr auto broker = "broker.actions.githubusercontent.com:443";

// Looks until all of the runner's servers have been tried at `now`; the attempts are threads.
Reaches tried(ReachCollector& collector, Facts& facts, const Now& now) {
    for (int count = 0; count < 4'000; ++count) {
        REQUIRE(collect_into(facts, collector, now));
        const auto& reaches = facts.runners[0].reaches.value;
        const bool all = reaches && reaches->size() == 3 &&
                         std::ranges::all_of(*reaches, [&](const auto& reach) {
                             return reach.second.tried.boot == now.boot;
                         });
        if (all) {
            return *reaches;
        }
        std::this_thread::sleep_for(5ms);
    }
    FAIL("no attempt came back within twenty seconds");
    return {};
}

}  // namespace

TEST_CASE("needed_servers: where a V2 listener polls, the old server, and the API") {
    const auto servers = needed_servers(v2_settings(), "proxy:3128");
    REQUIRE(servers.size() == 3);
    CHECK(servers[0].way.host == "broker.actions.githubusercontent.com");
    CHECK(servers[0].way.target == "/health");
    CHECK(servers[0].way.proxy == "proxy:3128");
    CHECK(servers[0].polled);
    CHECK_FALSE(servers[1].polled);
    CHECK(servers[2].way.host == "api.github.com");
}

TEST_CASE("needed_servers: a V1 listener polls its server, a GHES host is one way") {
    RunnerSettings settings;
    settings.github_url = "https://ghes.example/acme";
    settings.server_url = "https://ghes.example/_services/pipelines/AbC/";
    const auto servers = needed_servers(settings, "");
    REQUIRE(servers.size() == 1);
    CHECK(servers[0].way.host == "ghes.example");
    CHECK(servers[0].polled);
}

TEST_CASE("needed_servers: what is no https URL is not asked for anything") {
    RunnerSettings settings;
    settings.server_url = "http://169.254.169.254/latest";
    settings.server_url_v2 = "file:///etc/passwd";
    settings.github_url = "";
    CHECK(needed_servers(settings, "").empty());
}

TEST_CASE("judge_answer: a server error is GitHub's, anything else is an answer") {
    const auto stage = [](unsigned status) {
        const auto reach = judge_answer({.status = status, .headers = {}, .body = {}}, noon, noon);
        return reach.failure ? std::optional{reach.failure->stage} : std::nullopt;
    };
    CHECK_FALSE(stage(200));
    CHECK_FALSE(stage(404));
    CHECK(stage(407) == ReachStage::proxy);
    CHECK(stage(500) == ReachStage::http);
    CHECK(stage(503) == ReachStage::http);
}

TEST_CASE("judge_answer: the clock is off by no more than the date proves") {
    const auto behind = [](std::string date, std::chrono::nanoseconds took) {
        const Now asked{.wall = WallTime{784'111'777s}, .boot = noon.boot};
        const Now answered{.wall = asked.wall + took, .boot = asked.boot + took};
        return judge_answer({.status = 200,
                             .headers = {{.name = "Date", .value = std::move(date)}},
                             .body = {}},
                            asked,
                            answered)
            .clock_behind_seconds;
    };
    CHECK(behind("Sun, 06 Nov 1994 08:49:37 GMT", 100ms) == 0.0);
    CHECK(behind("Sun, 06 Nov 1994 08:49:36 GMT", 100ms) == 0.0);  // a second begun before we asked
    CHECK(behind("Sun, 06 Nov 1994 08:49:39 GMT", 3s) == 0.0);
    CHECK(behind("Sun, 06 Nov 1994 08:49:47 GMT", 1s) == 9.0);
    CHECK(behind("Sun, 06 Nov 1994 08:49:27 GMT", 1s) == -9.0);
    CHECK_FALSE(behind("tomorrow", 1s));
}

TEST_CASE("reach: each way is tried once an interval, for all runners that share it") {
    const auto time = std::make_shared<std::atomic<int>>(0);  // seconds after noon
    const auto calls = std::make_shared<std::atomic<int>>(0);
    ReachCollector collector{[calls](const HttpRequest& request, const HttpOptions&) -> HttpResult {
                                 ++*calls;
                                 if (request.url.host == "api.github.com") {
                                     return ReachFailure{.stage = ReachStage::tls, .what = "no"};
                                 }
                                 return HttpAnswer{.status = 200, .headers = {}, .body = {}};
                             },
                             [time] { return later(std::chrono::seconds{*time}); }};
    auto facts = one_runner(v2_settings());
    facts.runners.push_back(facts.runners[0]);
    facts.runners[1].name = "build-02";
    const auto reaches = tried(collector, facts, noon);
    CHECK(reaches.at(broker).polled);
    CHECK_FALSE(reaches.at(broker).failure);
    CHECK(reaches.at("api.github.com:443").failure ==
          ReachFailure{.stage = ReachStage::tls, .what = "no"});
    CHECK(facts.runners[1].reaches.value->size() == 3);
    REQUIRE(collect_into(facts, collector, later(59s)));
    CHECK(*calls == 3);
    *time = 60;
    tried(collector, facts, later(60s));
    CHECK(*calls == 6);
}

TEST_CASE("reach: a resolver that hangs delays nobody and is told") {
    std::promise<void> gate;
    auto opened = gate.get_future().share();
    ReachCollector collector{[opened](const HttpRequest&, const HttpOptions&) -> HttpResult {
                                 opened.wait();
                                 return HttpAnswer{.status = 200, .headers = {}, .body = {}};
                             },
                             [] { return noon; }};
    auto facts = one_runner(v2_settings());
    REQUIRE(collect_into(facts, collector));
    CHECK(facts.runners[0].reaches.value->empty());
    REQUIRE(collect_into(facts, collector, later(13s)));
    const auto& reach = facts.runners[0].reaches.value->at(broker);
    REQUIRE(reach.failure);
    CHECK(reach.failure->stage == ReachStage::name);
    CHECK(reach.failure->what.find("broker.actions.githubusercontent.com") != std::string::npos);
    gate.set_value();
}

TEST_CASE("reach: job code that names many servers makes the agent ask a bounded number") {
    const auto calls = std::make_shared<std::atomic<int>>(0);
    ReachCollector collector{[calls](const HttpRequest&, const HttpOptions&) -> HttpResult {
                                 ++*calls;
                                 return HttpAnswer{.status = 200, .headers = {}, .body = {}};
                             },
                             [] { return noon; }};
    Facts facts;
    for (int number = 0; number < 100; ++number) {
        auto settings = v2_settings();
        settings.server_url_v2 = "https://" + std::to_string(number) + ".example/";
        auto more = one_runner(settings).runners[0];
        more.name = std::to_string(number);
        facts.runners.push_back(more);
    }
    REQUIRE(collect_into(facts, collector));
    REQUIRE(collector.shortfall());
    CHECK(collector.shortfall()->what.find("16 servers") != std::string::npos);
}

TEST_CASE("reach: one lost attempt is repeated soon, and counts when the next is lost too") {
    const auto fails = std::make_shared<std::atomic<bool>>(false);
    const auto calls = std::make_shared<std::atomic<int>>(0);
    const auto time = std::make_shared<std::atomic<int>>(0);  // seconds after noon
    ReachCollector collector{[=](const HttpRequest&, const HttpOptions&) -> HttpResult {
                                 ++*calls;
                                 if (*fails) {
                                     return ReachFailure{.stage = ReachStage::connect,
                                                         .what = "timed out"};
                                 }
                                 return HttpAnswer{.status = 200, .headers = {}, .body = {}};
                             },
                             [time] { return later(std::chrono::seconds{*time}); }};
    auto facts = one_runner(v2_settings());
    const auto look = [&](int second) {
        REQUIRE(collect_into(facts, collector, later(std::chrono::seconds{second})));
        return facts.runners[0].reaches.value->at(broker);
    };
    // Looks until that many attempts were made; whether each look showed that verdict.
    const auto stays = [&](int second, int calls_then, bool failed) {
        *time = second;
        bool always = look(second).failure.has_value() == failed;
        for (int count = 0; count < 4'000 && *calls < calls_then; ++count) {
            std::this_thread::sleep_for(5ms);
            always = always && look(second).failure.has_value() == failed;
        }
        std::this_thread::sleep_for(20ms);  // for attempts that there should not be
        return always && *calls == calls_then;
    };
    tried(collector, facts, noon);
    REQUIRE(*calls == 3);

    SUBCASE("one lost") {
        *fails = true;
        CHECK(stays(60, 6, false));
        *fails = false;
        CHECK(stays(64, 6, false));
        *time = 65;
        CHECK_FALSE(tried(collector, facts, later(65s)).at(broker).failure);
        CHECK(*calls == 9);
        CHECK(stays(124, 9, false));
    }
    SUBCASE("two lost") {
        *fails = true;
        CHECK(stays(60, 6, false));
        *time = 65;
        CHECK(tried(collector, facts, later(65s)).at(broker).failure);
        CHECK(*calls == 9);
        CHECK(stays(124, 9, true));  // a server that is out is not asked more often
        *fails = false;
        *time = 125;
        CHECK_FALSE(tried(collector, facts, later(125s)).at(broker).failure);
    }
}
