#include "tests/traces/wire.h"

#include <doctest/doctest.h>

namespace paws::traces {

namespace {

using namespace std::chrono_literals;

constexpr Way direct{};
constexpr Way proxied{.proxied = true};

Weather weather(Trouble trouble, Instant begin, Instant end) {
    return Weather{{Episode{.trouble = trouble, .begin = begin, .end = end}}};
}

}  // namespace

TEST_CASE("a connection into a black hole is given up after the HTTP time-out") {
    const auto hole = weather(Trouble::black_hole, 1h, 2h);
    Dice dice{1, 1};
    const auto outcome = Wire{hole}.connect(1h + 1min, direct, dice);
    CHECK_FALSE(outcome.good);
    CHECK(outcome.at == 1h + 1min + http_timeout);
}

TEST_CASE("a connection that waited out a black hole is made by the next SYN, not at once") {
    const auto hole = weather(Trouble::black_hole, 1h, 1h + 35s);
    Dice dice{1, 1};
    const auto outcome = Wire{hole}.connect(1h, direct, dice);
    CHECK(outcome.good);
    CHECK(outcome.at >= 1h + 63s);
    CHECK(outcome.at < 1h + 64s);
}

TEST_CASE("an answer that a short black hole swallowed comes late, and no byte before it") {
    const auto hole = weather(Trouble::black_hole, 1h + 49s, 1h + 52s);
    Dice dice{1, 1};
    const auto outcome = Wire{hole}.ask(1h, 50s, direct, dice);
    CHECK(outcome.good);
    CHECK(outcome.at > 1h + 52s);
    CHECK(outcome.at < 1h + 60s);
}

TEST_CASE("where names fail what is connected goes on and nothing new begins") {
    const auto names = weather(Trouble::names_fail, 1h, 2h);
    const Wire wire{names};
    Dice dice{1, 1};
    CHECK(wire.ask(1h + 1min, 50s, direct, dice).good);
    CHECK(wire.connect(1h + 1min, direct, dice).cause == Cause::name_service);
    CHECK(wire.connect(1h + 1min, proxied, dice).good);  // the proxy looks them up
}

TEST_CASE("GitHub's errors come with bytes, its silence without") {
    const auto errors = weather(Trouble::github_errors, 1h, 2h);
    const auto silence = weather(Trouble::github_silent, 1h, 2h);
    Dice dice{1, 1};
    CHECK(Wire{errors}.connect(1h, direct, dice).good);
    const auto failed = Wire{errors}.ask(1h, 50s, direct, dice);
    CHECK_FALSE(failed.good);
    CHECK(failed.heard);
    CHECK(failed.at <= 1h + 4s);
    CHECK(Wire{silence}.connect(1h, direct, dice).good);
    const auto unheard = Wire{silence}.ask(1h, 50s, direct, dice);
    CHECK_FALSE(unheard.heard);
    CHECK(unheard.at == 1h + http_timeout);
}

TEST_CASE("where only polls are unanswered, everything looks well from outside") {
    const auto silence = weather(Trouble::polls_unanswered, 1h, 2h);
    const Wire wire{silence};
    Dice dice{1, 1};
    CHECK(wire.connect(1h, direct, dice).good);
    CHECK(wire.ask(1h, 1s, direct, dice).good);
    CHECK(wire.ask(1h, 50s, {.polls = true}, dice).cause == Cause::github_silence);
}

TEST_CASE("a proxy that dies takes its tunnels with it") {
    const auto dead = weather(Trouble::proxy_refuses, 1h, 2h);
    const Wire wire{dead};
    Dice dice{1, 1};
    CHECK(wire.ask(1h - 20s, 50s, proxied, dice).at == 1h);
    CHECK_FALSE(wire.connect(1h, proxied, dice).good);
    CHECK(wire.ask(1h - 20s, 50s, direct, dice).good);
}

}  // namespace paws::traces
