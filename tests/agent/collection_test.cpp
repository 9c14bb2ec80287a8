#include "tests/agent/fakes.h"

#include <stdexcept>

#include <doctest/doctest.h>
#include <sys/eventfd.h>

using namespace paws;
using namespace paws::agent;
using namespace paws::agent::fakes;
using collectors::Fill;
using collectors::Stage;
using namespace std::chrono_literals;

namespace {

Body does(std::function<void()> action) {
    return [action = std::move(action)](const Facts&, const Now&) -> Result<Fill> {
        action();
        return Fill{[](Facts&) {}};
    };
}

// One look after another through real probes.
class Looking {
public:
    explicit Looking(std::vector<Told> told) { collection.use(sources(std::move(told))); }

    // `begun`: before the loop can find that a deadline is over.
    Look look(const std::function<void()>& begun = [] {}) {
        std::optional<Look> found;
        collection.look(facts, [&](Look look) { found = std::move(look); });
        begun();
        REQUIRE(run_until(loop, [&] { return found.has_value(); }));
        facts = found->facts;
        return std::move(*found);
    }

    boost::asio::io_context loop;
    int stirs = 0;
    Collection collection{loop, platform::now, [this] { ++stirs; }};
    Facts facts;
};

const CollectorReport& report(const Look& look, std::string_view name) {
    const auto found = std::ranges::find(look.collectors, name, &CollectorReport::name);
    REQUIRE(found != look.collectors.end());
    return *found;
}

class EventWatch : public collectors::Watch {
public:
    int fd() const override { return fd_.get(); }
    bool stirred() override {
        ++seen;
        return true;  // without draining it: a source that never rests
    }
    void stir() const { REQUIRE(::eventfd_write(fd_.get(), 1) == 0); }

    std::atomic<int> seen = 0;

private:
    platform::UniqueFd fd_{::eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK)};
};

// A source that never stirs, and is asked between looks.
class Reader : public collectors::Watch {
public:
    explicit Reader(std::function<void(int read)> body = [](int) {}) : body_{std::move(body)} {}
    int fd() const override { return -1; }
    bool stirred() override { return false; }
    void read_ahead(const Now& /*now*/) override { body_(++reads); }

    std::atomic<int> reads = 0;

private:
    std::function<void(int)> body_;
};

}  // namespace

TEST_CASE("collection: a look applies what every collector found") {
    Looking agent{{{"a", "load", finds_load(1.5)}, {"b", "units", finds_runners({"one", "two"})}}};
    const auto look = agent.look();
    REQUIRE(look.facts.host.load.value);
    CHECK(look.facts.host.load.value->one == 1.5);
    CHECK(look.facts.runners.size() == 2);
    REQUIRE(look.collectors.size() == 2);
    CHECK(look.collectors[0].name == "load");
    CHECK(look.collectors[0].success);
    CHECK(look.collectors[0].error.empty());
}

TEST_CASE("collection: the runners' stage sees the runners of this look") {
    std::vector<std::string> seen_names;
    Looking agent{{{"a",
                    "processes",
                    [&](const Facts& seen, const Now&) -> Result<Fill> {
                        for (const auto& runner : seen.runners) {
                            seen_names.push_back(runner.name);
                        }
                        return Fill{[](Facts& draft) { draft.runners.front().root = "/found"; }};
                    },
                    Stage::runners},
                   {"b", "units", finds_runners({"one"})}}};
    CHECK(agent.look().facts.runners.front().root == "/found");
    CHECK(seen_names == std::vector<std::string>{"one"});
}

TEST_CASE("collection: without runners their stage is left out, once more after the last is gone") {
    std::atomic<int> asked = 0;
    std::atomic<bool> there = true;
    Looking agent{{{"a",
                    "cgroup",
                    [&](const Facts&, const Now&) -> Result<Fill> {
                        ++asked;
                        return Error{Errc::io, "broken"};
                    },
                    Stage::runners},
                   {"b", "units", [&](const Facts& seen, const Now& now) {
                        return there ? finds_runners({"one"})(seen, now)
                                     : finds_runners({})(seen, now);
                    }}}};
    agent.look();
    CHECK(asked == 1);
    there = false;
    CHECK(agent.look().facts.runners.empty());
    CHECK(asked == 2);
    const auto look = agent.look();  // with nothing to do nothing fails
    CHECK(asked == 2);
    CHECK(report(look, "cgroup").success);
}

TEST_CASE("collection: a collector that fails or throws is reported and stops nobody") {
    Looking agent{
        {{"a",
          "bad",
          [](const Facts&, const Now&) -> Result<Fill> {
              return Error{Errc::denied, "/proc/bad: Permission denied"};
          }},
         {"a",
          "worse",
          [](const Facts&, const Now&) -> Result<Fill> { throw std::out_of_range{"vector"}; }},
         {"a",
          "clumsy",
          [](const Facts&, const Now&) -> Result<Fill> {
              return Fill{[](Facts& draft) { draft.runners.at(7).root = "/"; }};
          }},
         {"a", "load", finds_load(1)}}};
    const auto look = agent.look();
    CHECK_FALSE(report(look, "bad").success);
    CHECK(report(look, "bad").error == "/proc/bad: Permission denied");
    CHECK_FALSE(report(look, "worse").success);
    CHECK(report(look, "worse").error == "a bug in the collector: vector");
    CHECK_FALSE(report(look, "clumsy").success);
    CHECK(report(look, "load").success);
    CHECK(look.facts.host.load.value);
}

TEST_CASE("collection: what a host does not have is not a failure") {
    Looking agent{{{"a", "pressure", [](const Facts&, const Now&) -> Result<Fill> {
                        return Error{Errc::absent, "/proc/pressure"};
                    }}}};
    const auto look = agent.look();
    CHECK(report(look, "pressure").success);
    CHECK(report(look, "pressure").error.empty());
    CHECK_FALSE(look.facts.host.pressure.value);
}

TEST_CASE("collection: when a source fails its last value stays, with the time it was taken") {
    std::atomic<bool> works = true;
    Looking agent{
        {{"a", "load", [&](const Facts& seen, const Now& now) -> Result<Fill> {
              return works ? finds_load(3)(seen, now) : Result<Fill>{Error{Errc::io, "broken"}};
          }}}};
    const auto taken = agent.look().facts.host.load.taken;
    works = false;
    const auto look = agent.look();
    CHECK_FALSE(report(look, "load").success);
    REQUIRE(look.facts.host.load.value);
    CHECK(look.facts.host.load.value->one == 3);
    CHECK(look.facts.host.load.taken.boot == taken.boot);
}

TEST_CASE("collection: a collector that hangs is left behind, and taken up when it returns") {
    Gate gate;
    std::atomic<int> asked = 0;
    Looking agent{{{"stuck", "first", finds_load(1), Stage::hosts, 20ms},
                   {"stuck",
                    "mounts",
                    [&](const Facts&, const Now& now) -> Result<Fill> {
                        if (++asked == 1) {
                            gate.pass();
                        }
                        return Fill{[now](Facts& draft) {
                            draft.host.oom_kills = {.value = 7, .taken = now};
                        }};
                    },
                    Stage::hosts,
                    20ms},
                   {"stuck", "last", finds_runners({"never"}), Stage::hosts, 20ms},
                   {"quick", "units", finds_runners({"one"})}}};

    const auto missed = agent.look([&] { REQUIRE(gate.await_visitor()); });
    CHECK(report(missed, "first").success);  // it had answered before the other hung
    CHECK(missed.facts.host.load.value);
    CHECK_FALSE(report(missed, "mounts").success);
    CHECK(report(missed, "mounts").error ==
          "missed its deadline of 20ms, still waiting for mounts");
    CHECK(report(missed, "last").error == "missed its deadline of 20ms, still waiting for mounts");
    CHECK(report(missed, "units").success);
    CHECK(missed.facts.runners.size() == 1);

    const auto without = agent.look();  // not asked again
    CHECK(asked == 1);
    CHECK_FALSE(report(without, "mounts").success);
    CHECK_FALSE(report(without, "first").success);
    CHECK_FALSE(without.facts.host.oom_kills.value);

    const auto before_return = platform::now();
    gate.open();
    // It has come back as soon as it has been asked a second time.
    Look back;
    REQUIRE(run_until(agent.loop, [&] {
        back = agent.look();
        return asked == 2 && report(back, "mounts").success;
    }));
    CHECK(report(back, "last").success);
    CHECK(back.facts.host.oom_kills.value == 7U);
    CHECK(before_return.boot < back.facts.host.oom_kills.taken.boot);
}

TEST_CASE("collection: a late answer is taken with the age it has") {
    Gate gate;
    std::atomic<int> asked = 0;
    std::atomic<bool> again = false;
    Gate second;
    Looking agent{{{"stuck",
                    "mounts",
                    [&](const Facts&, const Now& now) -> Result<Fill> {
                        (++asked == 1 ? gate : second).pass();
                        return Fill{[now](Facts& draft) {
                            draft.host.oom_kills = {.value = 7, .taken = now};
                        }};
                    },
                    Stage::hosts,
                    10ms}}};
    agent.look([&] { REQUIRE(gate.await_visitor()); });
    const auto after_first = platform::now();
    gate.open();
    Look look;
    REQUIRE(run_until(agent.loop, [&] {
        look = agent.look();
        return look.facts.host.oom_kills.value.has_value();
    }));
    CHECK(look.facts.host.oom_kills.taken.boot < after_first.boot);
    CHECK_FALSE(report(look, "mounts").success);  // the second question is late again
    second.open();
}

TEST_CASE("collection: other collectors serve from the next look on, without the old facts") {
    Looking agent{{{"a", "load", finds_load(1)}, {"a", "units", finds_runners({"one"})}}};
    agent.look();
    agent.collection.use(sources({{"a", "load", finds_load(2)}}));
    const auto look = agent.look();
    REQUIRE(look.collectors.size() == 1);
    CHECK(look.facts.host.load.value->one == 2);
    CHECK(look.facts.runners.empty());
}

TEST_CASE("collection: a probe that hangs over a change has no twin") {
    Gate gate;
    std::atomic<int> inside = 0;
    std::atomic<int> most = 0;
    const auto body = [&](const Facts& seen, const Now& now) {
        most = std::max(most.load(), ++inside);
        gate.pass();
        --inside;
        return finds_load(1)(seen, now);
    };
    Looking agent{{{"stuck", "load", body, Stage::hosts, 10ms}}};
    agent.look();
    for (int change = 0; change < 5; ++change) {
        agent.collection.use(sources({}));
        agent.look();
        agent.collection.use(sources({{"stuck", "load", body, Stage::hosts, 10ms}}));
        CHECK_FALSE(report(agent.look(), "load").success);
    }
    gate.open();
    REQUIRE(run_until(agent.loop, [&] { return report(agent.look(), "load").success; }));
    CHECK(most == 1);
}

TEST_CASE("collection: a stirring source wakes the loop, at most ten times a second") {
    EventWatch watch;
    Looking agent{{{"a", "units", finds_runners({}), Stage::hosts, at_most, &watch}}};
    agent.look();
    CHECK(agent.stirs == 0);
    const auto begun = std::chrono::steady_clock::now();
    watch.stir();
    REQUIRE(run_until(agent.loop, [&] { return agent.stirs == 4; }));
    CHECK(std::chrono::steady_clock::now() - begun >= 300ms);
    CHECK(watch.seen >= 4);
    const int seen = watch.seen;
    CHECK(seen <= 1 + (std::chrono::steady_clock::now() - begun) / 100ms);
    CHECK(agent.collection.end(at_most));  // before what its probe uses goes
}

TEST_CASE("collection: a watch that hangs counts as a collector that hangs") {
    class Hanging : public collectors::Watch {
    public:
        explicit Hanging(Gate& gate) : gate_{gate} {}
        int fd() const override { return fd_.get(); }
        bool stirred() override {
            gate_.pass();
            return false;
        }

    private:
        Gate& gate_;
        platform::UniqueFd fd_{::eventfd(1, EFD_CLOEXEC | EFD_NONBLOCK)};
    };
    Gate gate;
    Hanging watch{gate};
    Looking agent{{{"a", "journal", finds_runners({}), Stage::hosts, 10ms, &watch}}};
    agent.look();
    REQUIRE(gate.await_visitor());
    CHECK(report(agent.look(), "journal").error ==
          "missed its deadline of 10ms, still waiting for journal");
    gate.open();
    REQUIRE(run_until(agent.loop, [&] { return report(agent.look(), "journal").success; }));
    CHECK(agent.collection.end(at_most));
}

TEST_CASE("collection: a source reads ahead once after each look, when the look is over") {
    std::atomic<int> looks = 0;
    Reader reader;
    Looking agent{{{"a", "units", does([&] { ++looks; }), Stage::hosts, at_most, &reader}}};
    for (int expected = 1; expected <= 3; ++expected) {
        agent.look();
        CHECK(reader.reads == expected - 1);
        REQUIRE(run_until(agent.loop, [&] { return reader.reads == expected; }));
    }
    CHECK(looks == 3);
    CHECK(agent.collection.end(at_most));  // before what its probe uses goes
}

TEST_CASE("collection: reading ahead that throws harms nobody, and one that hangs is told of") {
    Gate gate;
    Reader reader{[&](int read) {
        if (read == 1) {
            throw std::runtime_error{"what collect() meets too"};
        }
        gate.pass();
    }};
    Looking agent{{{"a", "units", finds_runners({}), Stage::hosts, 10ms, &reader}}};
    CHECK(report(agent.look(), "units").success);
    REQUIRE(run_until(agent.loop, [&] { return reader.reads == 1; }));
    CHECK(report(agent.look(), "units").success);
    REQUIRE(gate.await_visitor());
    CHECK(report(agent.look(), "units").error ==
          "missed its deadline of 10ms, still waiting for units");
    gate.open();
    REQUIRE(run_until(agent.loop, [&] { return report(agent.look(), "units").success; }));
    CHECK(agent.collection.end(at_most));
}

TEST_CASE("collection: the end does not wait for a probe that hangs") {
    Gate gate;
    Looking agent{{{"stuck", "mounts", does([&] { gate.pass(); }), Stage::hosts, 10ms},
                   {"quick", "load", finds_load(1)}}};
    agent.look([&] { REQUIRE(gate.await_visitor()); });
    const auto begun = std::chrono::steady_clock::now();
    CHECK_FALSE(agent.collection.end(30ms));
    CHECK(std::chrono::steady_clock::now() - begun < at_most / 2);  // it hangs for longer
    gate.open();
    CHECK(agent.collection.end(at_most));
}
