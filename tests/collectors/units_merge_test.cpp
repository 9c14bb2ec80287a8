#include "collectors/units_merge.h"

#include <doctest/doctest.h>

using namespace paws;
using namespace paws::collectors;
using namespace std::chrono_literals;

namespace {

Now at(std::chrono::seconds boot) {
    return {.wall = WallTime{1'700'000'000s}, .boot = BootTime{boot}};
}

Runner runner(const std::string& name, const std::string& active = "") {
    auto made = unit_runner("actions.runner." + name + ".service");
    if (!active.empty()) {
        add_unit(made, {{"ActiveState", active}}, at(1s));
    }
    return made;
}

}  // namespace

TEST_CASE("merge_runners: a runner keeps what other collectors found, by name") {
    std::vector<Runner> drafted{runner("a", "active"), runner("b", "active")};
    drafted[1].files = {.value = RunnerFiles{.version = "2.336.0"}, .taken = at(1s)};
    merge_runners(drafted, {runner("aa", "active"), runner("b", "failed")});
    REQUIRE(drafted.size() == 2);
    CHECK(drafted[0].name == "aa");
    CHECK_FALSE(drafted[0].files.value);
    CHECK(drafted[1].name == "b");
    CHECK(drafted[1].files.value->version == "2.336.0");
    CHECK(drafted[1].unit_state.value->active_state == "failed");
}

TEST_CASE("merge_runners: a unit that could not be asked keeps its last state and its age") {
    std::vector<Runner> drafted{runner("a", "active")};
    merge_runners(drafted, {runner("a")});
    CHECK(drafted[0].unit_state.value->active_state == "active");
    CHECK(drafted[0].unit_state.taken.boot == BootTime{1s});
}

TEST_CASE("merge_runners: another unit under an old name is another runner") {
    std::vector<Runner> drafted{runner("a", "active")};
    auto listed = static_runner({.name = "a", .root = "/srv/a", .unit = "other.service"});
    merge_runners(drafted, {listed});
    CHECK(drafted[0].unit == "other.service");
    CHECK_FALSE(drafted[0].unit_state.value);
}

TEST_CASE("add_unit: a root that the configuration names stays") {
    auto listed = static_runner({.name = "a", .root = "/srv/a", .unit = "u.service"});
    add_unit(listed, {{"WorkingDirectory", "/opt/other"}}, std::nullopt);
    CHECK(listed.root == "/srv/a");
    CHECK_FALSE(listed.unit_state.value);
    auto found = runner("b");
    add_unit(found, {{"WorkingDirectory", "/opt/b"}}, at(5s));
    CHECK(found.root == "/opt/b");
    CHECK(found.unit_state.taken.boot == BootTime{5s});
}

TEST_CASE("RunnerSet: the first runner of a name or unit stays, and all come sorted") {
    RunnerSet runners;
    runners.add(runner("b"));
    runners.add(static_runner({.name = "z", .root = "/z", .unit = ""}));
    runners.add(static_runner({.name = "y", .root = "/y", .unit = ""}));
    runners.add(static_runner({.name = "b", .root = "/other", .unit = "x.service"}));
    runners.add(static_runner({.name = "c", .root = "/c", .unit = "actions.runner.b.service"}));
    const auto all = runners.take();
    REQUIRE(all.size() == 3);
    CHECK(all[0].name == "b");
    CHECK(all[0].root.empty());
    CHECK(all[1].name == "y");
    CHECK(all[2].name == "z");
}
