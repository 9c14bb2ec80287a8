#include "pawsctl/find_runner.h"

#include "pawsctl/fields.h"
#include "tests/pawsctl/golden_screen.h"

#include <boost/json/array.hpp>
#include <boost/json/value.hpp>
#include <doctest/doctest.h>

using namespace paws;
using namespace paws::pawsctl;
using namespace paws::tests;

TEST_CASE("find_runner: takes the runner's name, its unit and GitHub's name") {
    const auto status = recorded_answer("healthy");
    for (const auto* meant :
         {"acme-widgets.build-02", "actions.runner.acme-widgets.build-02.service", "build-02"}) {
        const auto found = find_runner(status, meant);
        REQUIRE(found);
        CHECK(text(**found, "name") == "acme-widgets.build-02");
    }
}

TEST_CASE("find_runner: a runner's own name goes before another's GitHub name") {
    auto status = recorded_answer("healthy");
    status["runners"].as_array()[0].as_object()["agent_name"] = "acme-widgets.build-02";
    const auto found = find_runner(status, "acme-widgets.build-02");
    REQUIRE(found);
    CHECK(text(**found, "agent_name") == "build-02");
}

TEST_CASE("find_runner: says what is near, what is ambiguous, and that there are none") {
    auto status = recorded_answer("healthy");
    CHECK(find_runner(status, "build-03").error().what ==
          "no runner is called 'build-03'; did you mean 'build-01'?");
    CHECK(find_runner(status, "zzz").error().what ==
          "no runner is called 'zzz'; see: pawsctl runners list");
    CHECK(find_runner(status, "").error().code == Errc::absent);
    CHECK(find_runner({}, "zzz").error().what ==
          "no runner is called 'zzz'; this host has no runners");
    status["runners"].as_array()[0].as_object()["agent_name"] = "build-02";
    CHECK(find_runner(status, "build-02").error().what ==
          "'build-02' is the GitHub name of several runners: acme-widgets.build-01, "
          "acme-widgets.build-02");
}
