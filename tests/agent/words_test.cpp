#include "agent/config_checks.h"
#include "agent/log.h"
#include "agent/news.h"
#include "agent/self.h"
#include "agent/status_line.h"
#include "collectors/all.h"
#include "platform/system_clock.h"

#include <set>

#include <doctest/doctest.h>
#include <unistd.h>

using namespace paws;
using namespace paws::agent;
using namespace std::chrono_literals;

TEST_CASE("line_of: fields are key=value, quoted where a reader would stumble") {
    CHECK(line_of("ready", {}) == "ready");
    CHECK(line_of("runner", {{"runner", "acme.one"}, {"to", "busy"}, {"reason", "a \"b\" \\"}}) ==
          R"(runner runner=acme.one to=busy reason="a \"b\" \\")");
    CHECK(line_of("x", {{"empty", ""}, {"equal", "a=b"}}) == R"(x empty="" equal="a=b")");
    CHECK(line_of("x", {{"evil", "a\n<0>b\x1b[31m"}}) == "x evil=a\uFFFD<0>b\uFFFD[31m");
    CHECK(line_of("x", {{"long", std::string(1'000'000, 'y')}}).size() < 2000);
}

TEST_CASE("news: a change is told once") {
    News news{""};
    const BootTime start{1h};
    CHECK_FALSE(news.see("load", "", start));
    CHECK(news.see("load", "broken", start) == "");
    CHECK_FALSE(news.see("load", "broken", start + 1h));
    CHECK(news.see("load", "", start + 2h) == "broken");
    CHECK_FALSE(news.see("load", "", start + 3h));
    CHECK(news.see("cpu", "broken", start) == "");
}

TEST_CASE("news: what flaps is told once a minute") {
    News news{""};
    const BootTime start{1h};
    CHECK(news.see("load", "broken", start));
    int told = 0;
    for (int second = 1; second < 60; ++second) {
        told += news.see("load", second % 2 == 0 ? "broken" : "", start + second * 1s) ? 1 : 0;
    }
    CHECK(told == 0);
    CHECK(news.see("load", "", start + 60s) == "broken");
    news.forget_unless([](const std::string&) { return false; });
    CHECK_FALSE(news.see("load", "", start + 61s));
}

TEST_CASE("status_line: counts runners by state and names failing collectors") {
    Snapshot snapshot;
    CHECK(status_line(snapshot) == "0 runners");
    snapshot.judged.runners = {{.name = "a", .state = RunnerState::idle},
                               {.name = "b", .state = RunnerState::busy},
                               {.name = "c", .state = RunnerState::idle}};
    CHECK(status_line(snapshot) == "3 runners: 2 idle, 1 busy");
    snapshot.judged.runners.resize(1);
    snapshot.collectors = {{.name = "load", .success = false}, {.name = "cpu", .success = true}};
    CHECK(status_line(snapshot) == "1 runner: 1 idle; 1 collector failing");
}

TEST_CASE("parse_own_stat: takes what it needs, whatever the name is") {
    const std::string tail =
        " S 1 2 3 0 -1 4194560 100 0 5 0 250 50 0 0 20 0 9 0 777 123456789 1024 "
        "18446744073709551615";
    const auto stat = parse_own_stat("42 (a) b (c)" + tail);
    REQUIRE(stat);
    CHECK(stat->cpu_ticks == 300);
    CHECK(stat->start_ticks == 777);
    CHECK(stat->virtual_bytes == 123456789);
    CHECK(stat->resident_pages == 1024);
    for (const auto* text : {"", "42", "42 (x", "42 (x)", "42 (x) S 1 2 3", "\xff\xfe)"}) {
        CHECK_FALSE(parse_own_stat(text));
    }
    CHECK_FALSE(parse_own_stat(std::string(1'000'000, ')')));
    CHECK_FALSE(parse_own_stat("1 (x) S" + std::string(100'000, ' ') + "9"));
}

TEST_CASE("self: describes this very process") {
    Self self{platform::now, "staging", "/etc/paws-agent/agent.toml"};
    const auto info = self.describe();
    CHECK(info.pid == ::getpid());
    CHECK(info.environment == "staging");
    CHECK(info.config_file == "/etc/paws-agent/agent.toml");
    CHECK_FALSE(info.version.empty());
    CHECK_FALSE(info.revision.empty());
    CHECK(info.process.resident_bytes.value_or(0) > 1'000'000);
    CHECK(info.process.virtual_bytes.value_or(0) > *info.process.resident_bytes);
    CHECK(info.process.open_fds.value_or(0) >= 3);
    CHECK(info.process.max_fds.value_or(0) >= *info.process.open_fds);
    REQUIRE(info.process.started);
    CHECK(*info.process.started < info.now.wall + 1s);
    CHECK(*info.process.started > info.now.wall - 10min);
    self.set_environment("production");
    CHECK(self.describe().environment == "production");
}

TEST_CASE("collector_names: are those of the collectors that there are") {
    const auto root = platform::RootFs::open("/");
    REQUIRE(root);
    std::set<std::string> there;
    for (const auto& source :
         collectors::all({.root = *root, .github = {.token_file = "/t", .jobs = true}})) {
        there.emplace(source.collector->name());
    }
    CHECK(there == std::set<std::string>{collector_names.begin(), collector_names.end()});
}
