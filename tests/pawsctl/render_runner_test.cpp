#include "pawsctl/render_runner.h"

#include "pawsctl/width.h"
#include "tests/pawsctl/golden_screen.h"

#include <string>

#include <boost/json/parse.hpp>
#include <boost/json/value.hpp>
#include <doctest/doctest.h>

using namespace paws::pawsctl;
using namespace paws::tests;

TEST_CASE("render_runner: each recorded answer is drawn as its golden screen") {
    constexpr Screen wide80{80, {}, false, true};
    check_screen("runner_busy", render_runner(recorded_answer("runner_busy"), wide80));
    check_screen("runner_absent", render_runner(recorded_answer("runner_absent"), wide80));
}

TEST_CASE("render_runner: no line is wider than the screen") {
    const auto runner = recorded_answer("runner_busy");
    for (std::size_t columns = 1; columns <= 120; ++columns) {
        CAPTURE(columns);
        for (const auto& line : render_runner(runner, {columns, {}, false, true})) {
            CHECK(columns_of(line) <= columns);
            CHECK(line.find('\x1b') == std::string::npos);
        }
    }
}

TEST_CASE("render_runner: an answer that holds nothing is not known, not zero") {
    for (const auto* empty : {"{}", R"({"cgroup":[],"evidence":{},"jobs":[1,null],"job":7})"}) {
        const auto lines = render_runner(boost::json::parse(empty).as_object(), {});
        CHECK(lines.front() == "? , unknown since not known");
        for (const auto& line : lines) {
            CHECK(line.find(" 0 ") == std::string::npos);
        }
    }
}

TEST_CASE("render_runner: what was asked of it, and what is in the way") {
    const auto shown = [](const char* wish) {
        const auto runner = boost::json::parse(
            std::string{R"({"time":"2026-01-01T00:10:00Z","wish":)"} + wish + "}");
        std::string all;
        for (const auto& line : render_runner(runner.as_object(), {200, {}, false, true})) {
            all += line + "\n";
        }
        return all;
    };
    const auto held =
        shown(R"({"kind":"hold","asked":"2026-01-01T00:05:00Z","until":"2026-01-01T01:00:00Z",
                                "note":"new disk","by":"ann","trouble":null})");
    CHECK(held.find(
              "wish       hold, new disk, by ann, asked 5 min ago, until 2026-01-01T01:00:00Z\n") !=
          std::string::npos);
    CHECK(held.find("cannot") == std::string::npos);
    const auto stuck = shown(
        R"({"kind":"drain","asked":null,"until":null,"note":null,"by":null,"trouble":"no polkit"})");
    CHECK(stuck.find("wish       drain\n           cannot be stopped: no polkit\n") !=
          std::string::npos);
    CHECK(shown("null").find("wish") == std::string::npos);
}

TEST_CASE("render_runner_list: has one aligned line for each runner") {
    const auto lines = render_runner_list(recorded_answer("stopped"), {80, {}, false, true});
    REQUIRE(lines.size() == 7);
    CHECK(lines[0] == "name    GitHub name  state         health  version");
    CHECK(lines[6] == "acme.f  f            unregistered  failed  -");
}
