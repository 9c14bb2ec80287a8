#include "actions/unit_actions.h"

#include <atomic>
#include <chrono>
#include <future>
#include <thread>

#include <doctest/doctest.h>

using namespace paws;
using namespace paws::actions;
using namespace std::chrono_literals;

namespace {

const Now noon{.wall = WallTime{1'700'000'000s}, .boot = BootTime{100s}};

Now later(std::chrono::nanoseconds span) {
    return {.wall = noon.wall + span, .boot = noon.boot + span};
}

policy::UnitAction stop(const std::string& runner) {
    return {.verb = policy::UnitVerb::stop,
            .runner = runner,
            .unit = "actions.runner." + runner + ".service",
            .why = "drain"};
}

// Asks until something has come of the orders; the thread takes its time.
std::vector<Outcome> outcomes_of(UnitActions& actions, const Now& now) {
    for (int count = 0; count < 4'000; ++count) {
        if (auto outcomes = actions.carry_out({}, now); !outcomes.empty()) {
            return outcomes;
        }
        std::this_thread::sleep_for(5ms);
    }
    FAIL("nothing came of it within twenty seconds");
    return {};
}

}  // namespace

TEST_CASE("unit actions: an order is given once, and again only after a pause") {
    const auto orders = std::make_shared<std::atomic<int>>(0);
    UnitActions actions{[orders](const policy::UnitAction&) -> Result<void> {
        ++*orders;
        return {};
    }};
    CHECK(actions.carry_out({stop("a")}, noon).empty());
    const auto outcomes = outcomes_of(actions, later(1s));
    REQUIRE(outcomes.size() == 1);
    CHECK(outcomes[0].action == stop("a"));
    CHECK_FALSE(outcomes[0].error);
    actions.carry_out({stop("a")}, later(29s));
    CHECK(*orders == 1);
    actions.carry_out({stop("a"), stop("b")}, later(30s));
    CHECK(outcomes_of(actions, later(31s)).size() == 2);
    CHECK(*orders == 3);
}

TEST_CASE("unit actions: a refusal is told with the action it refuses") {
    UnitActions actions{[](const policy::UnitAction&) -> Result<void> {
        return Error{Errc::denied, "Access denied"};
    }};
    actions.carry_out({stop("a")}, noon);
    const auto outcomes = outcomes_of(actions, noon);
    REQUIRE(outcomes[0].error);
    CHECK(outcomes[0].error->code == Errc::denied);
}

TEST_CASE("unit actions: a manager that does not answer delays nobody") {
    std::promise<void> gate;
    auto opened = gate.get_future().share();
    const auto orders = std::make_shared<std::atomic<int>>(0);
    UnitActions actions{[opened, orders](const policy::UnitAction&) -> Result<void> {
        ++*orders;
        opened.wait();
        return {};
    }};
    CHECK(actions.carry_out({stop("a")}, noon).empty());
    CHECK(actions.carry_out({stop("b")}, later(1min)).empty());
    gate.set_value();
    CHECK(outcomes_of(actions, later(2min))[0].action == stop("a"));
    CHECK(*orders == 1);
}
