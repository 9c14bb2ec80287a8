#include "agent/ticker.h"

#include "tests/agent/fakes.h"

#include <algorithm>
#include <thread>

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <doctest/doctest.h>

using namespace paws;
using namespace paws::agent;
using namespace paws::agent::fakes;
using collectors::Stage;
using namespace std::chrono_literals;

namespace {

struct Ticking {
    explicit Ticking(std::vector<Told> list, Pace pace = {.idle = 1h, .shortest = 1ms}) {
        ticker.set_pace(pace);
        ticker.collection().use(sources(std::move(list)));
    }

    bool reaches(std::uint64_t sequence) {
        return run_until(loop, [&] {
            const auto latest = slot.latest();
            return latest && latest->sequence >= sequence;
        });
    }

    boost::asio::io_context loop;
    SnapshotSlot slot;
    std::vector<std::uint64_t> told;
    Ticker ticker{loop, platform::now, slot, [this](const Snapshot& snapshot) {
                      told.push_back(snapshot.sequence);
                  }};
};

}  // namespace

TEST_CASE("ticker: a tick is judged, numbered, published and told of") {
    Ticking agent{{{"a", "units", finds_runners({"one"})}}};
    agent.ticker.wake();
    REQUIRE(agent.reaches(1));
    const auto snapshot = agent.slot.latest();
    CHECK(snapshot->sequence == 1);
    CHECK(snapshot->facts.runners.size() == 1);
    REQUIRE(snapshot->judged.runners.size() == 1);
    CHECK(snapshot->judged.runners.front().name == "one");
    CHECK(snapshot->collectors.size() == 1);
    CHECK(snapshot->config_reload_successful);
    CHECK(agent.told == std::vector<std::uint64_t>{1});
}

TEST_CASE("ticker: what another agent measured goes on with the runner's first sight") {
    const auto meter = [](std::string job) {
        JobMeter kept{.last = {}, .running = MeasuredJob{}, .ended = {}, .resumed = true};
        kept.running->name = std::move(job);
        kept.running->whole = true;
        return kept;
    };
    std::atomic<bool> there = false;
    Ticking agent{{{"a", "units", [&](const Facts& seen, const Now& now) {
                        return there ? finds_runners({"one", "two"})(seen, now)
                                     : finds_runners({"two"})(seen, now);
                    }}}};
    agent.ticker.resume({{"one", meter("deploy")}, {"two", meter("build")}});
    agent.ticker.wake();
    REQUIRE(agent.reaches(1));
    const auto jobs = [&] { return agent.slot.latest()->judged.memories.jobs; };
    REQUIRE(jobs().contains("two"));
    CHECK(jobs().at("two").running->name == "build");
    there = true;
    agent.ticker.wake();
    REQUIRE(run_until(agent.loop, [&] { return jobs().contains("one"); }));
    const auto taken = agent.slot.latest()->judged.memories.jobs.at("one");
    REQUIRE(taken.running);
    CHECK(taken.running->name == "deploy");  // its journal is not read yet
    CHECK(taken.resumed);
}

TEST_CASE("ticker: without anybody asking a tick comes when it is time") {
    Ticking agent{{{"a", "load", finds_load(1)}}, {.idle = 5ms, .shortest = 1ms}};
    agent.ticker.wake();
    CHECK(agent.reaches(4));
}

TEST_CASE("ticker: any number of waiters cause one tick") {
    std::atomic<int> looks = 0;
    Ticking agent{{{"a", "load", [&](const Facts& seen, const Now& now) {
                        ++looks;
                        return finds_load(1)(seen, now);
                    }}}};
    agent.ticker.wake();
    REQUIRE(agent.reaches(1));
    int answered = 0;
    for (int waiter = 0; waiter < 50; ++waiter) {
        boost::asio::co_spawn(agent.loop,
                              agent.ticker.newer_than(1, at_most),
                              [&](const std::exception_ptr&, const Published& published) {
                                  answered += published && published->sequence == 2 ? 1 : 0;
                              });
    }
    REQUIRE(run_until(agent.loop, [&] { return answered == 50; }));
    CHECK(looks == 2);
    agent.ticker.ask_newer_than(1);  // said too late: two is there already
    agent.loop.restart();
    agent.loop.poll();
    CHECK(agent.slot.latest()->sequence == 2);
    CHECK(looks == 2);
}

TEST_CASE("ticker: readers on other threads wait on the slot for the tick they caused") {
    Ticking agent{{{"a", "load", finds_load(1)}}};
    agent.ticker.wake();
    REQUIRE(agent.reaches(1));
    std::atomic<int> answered = 0;
    std::vector<std::thread> readers;
    for (int reader = 0; reader < 8; ++reader) {
        readers.emplace_back([&] {
            boost::asio::post(agent.loop, [&] { agent.ticker.ask_newer_than(1); });
            const auto got = agent.slot.newer_than(1, at_most);
            answered += got->sequence == 2 ? 1 : 0;
        });
    }
    CHECK(run_until(agent.loop, [&] { return answered == 8; }));
    for (auto& reader : readers) {
        reader.join();
    }
    CHECK(agent.slot.latest()->sequence == 2);
}

TEST_CASE("ticker: a waiter gets what is there when the tick takes too long") {
    Gate gate;
    std::atomic<int> looks = 0;
    Ticking agent{{{"a", "load", [&](const Facts& seen, const Now& now) {
                        if (++looks == 2) {
                            gate.pass();
                        }
                        return finds_load(1)(seen, now);
                    }}}};
    agent.ticker.wake();
    REQUIRE(agent.reaches(1));
    Published got;
    boost::asio::co_spawn(
        agent.loop,
        agent.ticker.newer_than(1, 20ms),
        [&](const std::exception_ptr&, Published published) { got = std::move(published); });
    REQUIRE(run_until(agent.loop, [&] { return got != nullptr; }));
    CHECK(got->sequence == 1);
    gate.open();
    CHECK(agent.reaches(2));
}

TEST_CASE("ticker: wakes bring the next tick forward, at most ten a second") {
    Ticking agent{{{"a", "load", finds_load(1)}}, {.idle = 1h, .shortest = 100ms}};
    const auto begun = std::chrono::steady_clock::now();
    agent.ticker.wake();
    REQUIRE(agent.reaches(1));
    std::uint64_t seen = 1;
    REQUIRE(run_until(agent.loop, [&] {
        agent.ticker.wake();  // stirred all the time
        seen = agent.slot.latest()->sequence;
        return seen == 4;
    }));
    CHECK(std::chrono::steady_clock::now() - begun >= 300ms);
}

TEST_CASE("ticker: a stir while a tick runs is not lost") {
    Gate gate;
    std::atomic<int> looks = 0;
    Ticking agent{{{"a", "load", [&](const Facts& seen, const Now& now) {
                        if (++looks == 1) {
                            gate.pass();
                        }
                        return finds_load(1)(seen, now);
                    }}}};
    agent.ticker.wake();
    REQUIRE(run_until(agent.loop, [&] { return looks == 1; }));
    agent.ticker.wake();
    gate.open();
    CHECK(agent.reaches(2));
}

TEST_CASE("ticker: a hanging collector delays a tick once, by its deadline") {
    Gate gate;
    Ticking agent{{{"stuck",
                    "mounts",
                    [&](const Facts& seen, const Now& now) {
                        gate.pass();
                        return finds_load(1)(seen, now);
                    },
                    Stage::hosts,
                    50ms},
                   {"a", "units", finds_runners({"one"})}},
                  {.idle = 1ms, .shortest = 1ms}};
    agent.ticker.wake();
    REQUIRE(agent.reaches(1));
    CHECK_FALSE(agent.slot.latest()->collectors.front().success);
    CHECK(agent.slot.latest()->facts.runners.size() == 1);
    CHECK(agent.reaches(10));  // all of them without waiting for it
    gate.open();
    CHECK(run_until(agent.loop, [&] { return agent.slot.latest()->collectors.front().success; }));
}
