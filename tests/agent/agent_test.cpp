#include "agent/agent.h"

#include "tests/agent/fakes.h"
#include "tests/support/temporary_directory.h"

#include <csignal>
#include <thread>

#include <doctest/doctest.h>

using namespace paws;
using namespace paws::agent;
using namespace paws::agent::fakes;
using namespace std::chrono_literals;

namespace {

LoadedConfig small_config(const TemporaryDirectory& directory) {
    LoadedConfig loaded;
    loaded.config.agent.state_dir = directory.path() / "state";
    loaded.config.agent.runtime_dir = directory.path() / "run";
    loaded.config.agent.log_level = LogLevel::error;
    loaded.config.web.listen.clear();
    loaded.config.collectors.by_name["load"] = {.enabled = true, .deadline = 10ms};
    return loaded;
}

}  // namespace

TEST_CASE("agent: SIGTERM ends it in less than a second although a probe hangs") {
    const TemporaryDirectory directory;
    Gate gate;
    const Surroundings surroundings{
        .clock = platform::now, .sources = [&](const collectors::Options&) {
            std::vector<collectors::Source> list;
            list.push_back({.probe = "stuck",
                            .collector = std::make_unique<fakes::Collector>(
                                "load",
                                collectors::Stage::hosts,
                                [&](const Facts& seen, const Now& now) {
                                    gate.pass();
                                    return finds_load(1)(seen, now);
                                },
                                nullptr)});
            return list;
        }};
    auto agent = Agent::open({}, small_config(directory), surroundings);
    REQUIRE_MESSAGE(agent, (agent ? "" : agent.error().what));
    std::chrono::steady_clock::time_point signalled;
    std::thread operator_thread{[&] {
        CHECK(gate.await_visitor());
        signalled = std::chrono::steady_clock::now();
        ::kill(::getpid(), SIGTERM);
    }};
    CHECK_FALSE((*agent)->run());  // it says that one was left behind
    operator_thread.join();
    CHECK(std::chrono::steady_clock::now() - signalled < 1s);
    gate.open();
}

TEST_CASE("agent: without anything that hangs it ends whole") {
    const TemporaryDirectory directory;
    std::atomic<bool> looked = false;
    const Surroundings surroundings{
        .clock = platform::now, .sources = [&](const collectors::Options& options) {
            CHECK(options.discover_runners);
            std::vector<collectors::Source> list;
            for (const auto* name : {"load", "cpu"}) {
                list.push_back({.probe = "kernel",
                                .collector = std::make_unique<fakes::Collector>(
                                    name,
                                    collectors::Stage::hosts,
                                    [&](const Facts& seen, const Now& now) {
                                        if (!looked.exchange(true)) {
                                            ::kill(::getpid(), SIGTERM);
                                        }
                                        return finds_load(1)(seen, now);
                                    },
                                    nullptr)});
            }
            return list;
        }};
    auto loaded = small_config(directory);
    loaded.config.collectors.by_name["cpu"].enabled = false;
    auto agent = Agent::open({}, std::move(loaded), surroundings);
    REQUIRE(agent);
    CHECK((*agent)->run());
    CHECK(looked);
}
