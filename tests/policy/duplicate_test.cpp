#include "policy/duplicate.h"

#include "policy/judge.h"
#include "tests/policy/runners.h"

#include <doctest/doctest.h>

using namespace paws;
using namespace paws::policy;
using namespace paws::policy::testing;

namespace {

// A runner at work in `root`, registered as `agent` of acme/widgets.
Runner registered(const std::string& name, const std::string& root, std::uint64_t agent) {
    auto runner = healthy();
    runner.name = name;
    runner.root = root;
    RunnerSettings settings;
    settings.agent_id = agent;
    settings.github_url = "https://github.com/acme/widgets";
    settings.server_url = "https://pipelines.actions.githubusercontent.com/x/";
    runner.files = at(noon, RunnerFiles{.settings = settings});
    return runner;
}

std::vector<std::string> duplicates_in(const std::vector<Runner>& runners) {
    std::vector<std::string> found;
    for (const auto& runner : runners) {
        if (const auto duplicate = duplicate_of(runner, runners, noon)) {
            found.push_back(runner.name + " of " + duplicate->of);
        }
    }
    return found;
}

using Names = std::vector<std::string>;

}  // namespace

TEST_CASE("duplicate_of: two units on one root, and a copied root, are found from both sides") {
    CHECK(duplicates_in({registered("a", "/opt/a", 1), registered("b", "/opt/b", 2)}).empty());
    CHECK(duplicates_in({registered("a", "/opt/a", 1), registered("b", "/opt/a", 1)}) ==
          Names{"a of b", "b of a"});
    CHECK(duplicates_in({registered("a", "/opt/a", 1), registered("b", "/opt/copy", 1)}) ==
          Names{"a of b", "b of a"});
}

TEST_CASE("duplicate_of: the same number on another server or for another owner is another agent") {
    auto other_owner = registered("b", "/opt/b", 1);
    other_owner.files.value->settings->github_url = "https://github.com/acme/other";
    CHECK(duplicates_in({registered("a", "/opt/a", 1), other_owner}).empty());
    auto other_server = registered("b", "/opt/b", 1);
    other_server.files.value->settings->server_url = "https://ghes.acme.test/_services/";
    CHECK(duplicates_in({registered("a", "/opt/a", 1), other_server}).empty());
}

TEST_CASE("duplicate_of: what is stopped or says nothing of itself is nobody's duplicate") {
    auto stopped = registered("b", "/opt/a", 1);
    stopped.unit_state.value->active_state = "inactive";
    stopped.processes = at(noon, tree({}));
    CHECK(duplicates_in({registered("a", "/opt/a", 1), stopped}).empty());
    auto closed = registered("b", "", 1);
    closed.files = {};
    CHECK(duplicates_in({registered("a", "/opt/a", 1), closed}).empty());
    auto just_in_time = registered("b", "/opt/b", 1);
    just_in_time.files.value->settings->agent_id.reset();
    CHECK(duplicates_in({just_in_time, just_in_time}).empty());
}

TEST_CASE("judge: a duplicate is a problem, with the other one among the evidence") {
    Facts facts;
    facts.runners = {registered("a", "/opt/a", 1), registered("b", "/opt/copy", 1)};
    const auto judged = judge(facts, {}, noon);
    const auto& runner = judged.runners[1];
    CHECK(runner.problems.found.contains(Problem::duplicate));
    CHECK(runner.health == Health::degraded);
    REQUIRE_FALSE(runner.evidence.empty());
    CHECK(runner.evidence.back().fact == "duplicate");
    CHECK(runner.evidence.back().value ==
          "of a: the same registration, agent 1 of https://github.com/acme/widgets");
}
