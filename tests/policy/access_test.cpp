#include "policy/access.h"

#include "tests/policy/runners.h"

#include <doctest/doctest.h>

using namespace paws;
using namespace paws::policy;
using namespace paws::policy::testing;

namespace {

Facts with(Runner runner) {
    Facts facts;
    facts.runners.push_back(std::move(runner));
    return facts;
}

Runner closed() {
    auto runner = healthy();
    runner.files = at(noon, RunnerFiles{.closed = true});
    return runner;
}

std::string unit_of(const std::vector<UnitAction>& plan) {
    return plan.size() == 1 && plan[0].verb == UnitVerb::start ? plan[0].unit : "";
}

}  // namespace

TEST_CASE("access: closed directories are to be opened, open ones are left alone") {
    CHECK(unit_of(plan_access(with(closed()), noon)) == "paws-open@acme-widgets.build-01.service");
    CHECK(plan_access(with(healthy()), noon).empty());
    auto unknown = closed();
    unknown.files = {};
    CHECK(plan_access(with(unknown), noon).empty());
}

TEST_CASE("access: a runner that no action could find by its name is left alone") {
    auto other_unit = closed();
    other_unit.unit = "github-runner.service";
    auto unmanaged = closed();
    unmanaged.managed = false;
    auto odd = closed();
    odd.name = "a..b";
    odd.unit = "actions.runner.a..b.service";
    for (const auto& runner : {other_unit, unmanaged, odd}) {
        CHECK(plan_access(with(runner), noon).empty());
    }
}

TEST_CASE("access: what is closed even to a descriptor is inspected, every ten minutes") {
    auto runner = healthy();
    runner.files = at(noon, RunnerFiles{});
    runner.sizes_closed = true;
    const std::string unit = "paws-inspect@acme-widgets.build-01.service";
    CHECK(unit_of(plan_access(with(runner), noon)) == unit);
    runner.inspection = at(noon, Inspection{});
    CHECK(plan_access(with(runner), after(9min)).empty());
    CHECK(unit_of(plan_access(with(runner), after(10min))) == unit);
    runner.sizes_closed = false;
    CHECK(plan_access(with(runner), after(10min)).empty());
    runner.files.value->settings_closed = true;
    CHECK(unit_of(plan_access(with(runner), after(10min))) == unit);
    runner.files.value->closed = true;  // first things first
    CHECK(unit_of(plan_access(with(runner), after(10min))) ==
          "paws-open@acme-widgets.build-01.service");
}
