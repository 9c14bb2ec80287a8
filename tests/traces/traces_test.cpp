#include "tests/traces/trace.h"
#include "tests/traces/walk.h"

#include <algorithm>
#include <array>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include <doctest/doctest.h>

namespace paws::traces {

namespace {

using namespace std::chrono_literals;

constexpr std::array families{Family::healthy_or_explained, Family::hung};

// One number for all that a moment tells, as far as it can differ.
class Digest {
public:
    void add(std::uint64_t value) { sum_ = (sum_ ^ value) * 0x100'0000'01B3ULL; }
    void add(std::string_view text) {
        for (const char c : text) {
            add(static_cast<unsigned char>(c));
        }
    }
    void add(const Moment& moment) {
        add(static_cast<std::uint64_t>(moment.at.count()));
        add(static_cast<std::uint64_t>(moment.now.wall.time_since_epoch().count()));
        for (const auto& truth : moment.truth) {
            add(static_cast<std::uint64_t>(truth.doing) << 8U |
                static_cast<std::uint64_t>(truth.cause));
        }
        for (const auto& runner : moment.facts.runners) {
            add(runner);
        }
    }
    std::uint64_t value() const { return sum_; }

private:
    void add(const Runner& runner) {
        if (runner.sockets.value) {
            const auto age = runner.sockets.value->last_received_seconds.value_or(-1);
            add(static_cast<std::uint64_t>(static_cast<std::int64_t>(age * 1'000)));
        }
        if (runner.log.value && runner.log.value->job) {
            add(runner.log.value->job->name);
        }
        add(runner.unit_state.value ? runner.unit_state.value->invocation_id : "");
        add(static_cast<std::uint64_t>(runner.reaches.taken.boot.time_since_epoch().count()));
    }

    std::uint64_t sum_ = 0xCBF2'9CE4'8422'2325ULL;
};

std::uint64_t digest(std::uint64_t seed, Family family) {
    Digest sum;
    Trace trace{seed, family};
    while (const auto moment = trace.next()) {
        sum.add(*moment);
    }
    return sum.value();
}

template <class T>
bool is_past(const Sourced<T>& fact, const Now& now) {
    return fact.taken.boot <= now.boot;
}

// What no collector could have published.
std::string contradiction(const Runner& runner, const Now& now) {
    if (!is_past(runner.unit_state, now) || !is_past(runner.processes, now) ||
        !is_past(runner.cgroup, now) || !is_past(runner.sockets, now) ||
        !is_past(runner.log, now) || !is_past(runner.trace, now) || !is_past(runner.reaches, now) ||
        !is_past(runner.api, now)) {
        return "a fact of the future";
    }
    if (const auto& sockets = runner.sockets.value) {
        const auto age = sockets->last_received_seconds;
        if ((sockets->established > 0) != age.has_value() || age.value_or(0) < 0) {
            return "an age that is not of its sockets";
        }
    }
    if (const auto& tree = runner.processes.value) {
        if (tree->counts.at(ProcessRole::listener) > 1 ||
            tree->counts.at(ProcessRole::worker) > 1) {
            return "two listeners or workers";
        }
    }
    for (const auto& [endpoint, reach] : runner.reaches.value.value_or(Reaches{})) {
        if (reach.tried.boot > now.boot || reach.seconds < 0 || reach.seconds > 10) {
            return "an attempt that took too long";
        }
    }
    return "";
}

std::string contradiction(const Moment& moment) {
    const auto& runners = moment.facts.runners;
    if (!std::ranges::is_sorted(runners, {}, &Runner::name)) {
        return "runners out of order";
    }
    if (runners.size() != moment.truth.size()) {
        return "a runner without a truth";
    }
    for (const auto& runner : runners) {
        if (auto what = contradiction(runner, moment.now); !what.empty()) {
            return what;
        }
    }
    return "";
}

// Where nothing disturbs the collectors, the facts of a calm runner are those of its truth.
bool agrees(const Runner& runner, const Truth& truth) {
    const auto& unit = runner.unit_state.value;
    if (!unit || !runner.processes.value) {
        return true;
    }
    const auto listeners = runner.processes.value->counts.at(ProcessRole::listener);
    switch (truth.doing) {
        case Doing::stopped:
            return unit->active_state != "active" && listeners == 0;
        case Doing::idle:
        case Doing::hung:
            return listeners == 1;
        default:
            return true;
    }
}

}  // namespace

TEST_CASE("the same seed gives the same week, another one another") {
    for (const auto family : families) {
        CHECK(digest(7, family) == digest(7, family));
        CHECK(digest(7, family) != digest(8, family));
    }
    CHECK(digest(7, Family::hung) != digest(7, Family::healthy_or_explained));
}

TEST_CASE("no moment holds what collectors could not have published") {
    for (const auto family : families) {
        for (std::uint64_t seed = 0; seed < 15; ++seed) {
            CAPTURE(seed);
            Trace trace{seed, family};
            std::optional<std::pair<Instant, BootTime>> before;
            while (const auto moment = trace.next()) {
                const auto what = contradiction(*moment);
                if (!what.empty()) {
                    CAPTURE(moment->at.count());
                    FAIL_CHECK(what);
                    break;
                }
                if (before) {
                    REQUIRE(before->first <= moment->at);
                    REQUIRE((moment->agent_started || before->second <= moment->now.boot));
                } else {
                    REQUIRE(moment->agent_started);
                }
                before = {moment->at, moment->now.boot};
            }
        }
    }
}

TEST_CASE("facts and truth agree where no collector is disturbed") {
    for (std::uint64_t seed = 20; seed < 35; ++seed) {
        const Trace twin{seed, Family::hung};
        walk({seed, seed + 1}, Family::hung, [&](const Moment& moment, std::size_t number) {
            if (!twin.world().weather.any_within(moment.at, moment.at + 1ms)) {
                CAPTURE(moment.at.count());
                REQUIRE(agrees(moment.facts.runners[number], moment.truth[number]));
            }
        });
    }
}

TEST_CASE("an agent looks at least every half minute while it is up") {
    for (std::uint64_t seed = 0; seed < 10; ++seed) {
        Trace trace{seed, Family::healthy_or_explained};
        std::optional<Instant> before;
        while (const auto moment = trace.next()) {
            const bool pause = before && trace.world().weather.any_within(*before, moment->at);
            if (before && !pause) {
                REQUIRE(moment->at - *before <= 30s);
            }
            before = moment->at;
        }
        REQUIRE(before);
        CHECK(*before > week - 24h);
    }
}

TEST_CASE("an agent that starts has counted nothing and asked nobody") {
    std::size_t starts = 0;
    for (std::uint64_t seed = 0; seed < 25; ++seed) {
        Trace trace{seed, Family::healthy_or_explained};
        while (const auto moment = trace.next()) {
            if (!moment->agent_started) {
                continue;
            }
            ++starts;
            for (const auto& runner : moment->facts.runners) {
                CHECK_FALSE(runner.api.value);
                if (runner.log.value) {
                    CHECK(runner.log.value->counters.listener_exits.empty());
                    CHECK(runner.log.value->counters.jobs.empty());
                }
            }
        }
    }
    CHECK(starts > 40);
}

TEST_CASE("only the family of hangs holds them, and each of its weeks does") {
    for (std::uint64_t seed = 0; seed < 15; ++seed) {
        CAPTURE(seed);
        std::array<bool, 2> hung{};
        for (std::size_t family = 0; family < families.size(); ++family) {
            walk({seed, seed + 1},
                 families.at(family),
                 [&](const Moment& moment, std::size_t number) {
                     const auto& truth = moment.truth[number];
                     REQUIRE((truth.doing == Doing::hung) == truth.hang.has_value());
                     hung.at(family) = hung.at(family) || truth.hang.has_value();
                 });
        }
        CHECK_FALSE(hung[0]);
        CHECK(hung[1]);
    }
}

TEST_CASE("GitHub's list tells of a hang after one to seven minutes") {
    std::size_t online = 0;
    std::size_t early = 0;
    std::size_t told = 0;
    walk({0, 25}, Family::hung, [&](const Moment& moment, std::size_t number) {
        const auto& hang = moment.truth[number].hang;
        const auto& api = moment.facts.runners[number].api.value;
        if (!hang || !hang->clear || !api) {
            return;
        }
        const auto lasts = moment.at - hang->since;
        const bool offline = api->registration == Registration::offline;
        if (lasts < 1min) {  // it may have been back for so short that the list lags behind that
            ++(offline ? early : online);
        } else if (lasts > 7min && lasts < 25min) {
            REQUIRE(offline);
            ++told;
        }
    });
    CHECK(told > 100);
    CHECK(online > 4 * early);
}

}  // namespace paws::traces
