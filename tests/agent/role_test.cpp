#include "agent/role.h"

#include <doctest/doctest.h>

using namespace paws;
using namespace paws::agent;

namespace {

constexpr std::uint32_t daemon_uid = 990;
constexpr std::uint32_t group = 985;
constexpr std::uint32_t runner_uid = 1001;
constexpr std::string_view unit_cgroup = "/system.slice/actions.runner.acme.one.service";

Facts one_runner() {
    Runner runner{.name = "acme.one", .unit = "actions.runner.acme.one.service"};
    runner.unit_state.value = Unit{.control_group = std::string{unit_cgroup}, .main_pid = 100};
    runner.processes.value = ProcessTree{.processes = {{.pid = 100, .uid = runner_uid}}};
    return {.runners = {runner}};
}

Asker asker(std::uint32_t uid,
            std::vector<std::uint32_t> groups,
            std::optional<std::string> cgroup) {
    return {.peer = {.pid = 4711, .uid = uid, .gid = uid, .groups = std::move(groups)},
            .cgroup = std::move(cgroup)};
}

Role role(const Asker& who, const Facts& facts = one_runner()) {
    return standing_of(who, {.uid = daemon_uid, .group = group}, facts).role;
}

const std::string shell = "/user.slice/user-1000.slice/session-3.scope";
const std::string inside{unit_cgroup};

}  // namespace

TEST_CASE("role: every cell of role x verb") {
    struct Cell {
        std::string_view verb;
        Role role;
        bool allowed;
    };
    for (const auto& cell : {Cell{"status", Role::host_operator, true},
                             Cell{"status", Role::job, false},
                             Cell{"status", Role::stranger, false},
                             Cell{"runner", Role::host_operator, true},
                             Cell{"runner", Role::job, false},
                             Cell{"runner", Role::stranger, false},
                             Cell{"jobs", Role::host_operator, true},
                             Cell{"jobs", Role::job, false},
                             Cell{"jobs", Role::stranger, false},
                             Cell{"config", Role::host_operator, true},
                             Cell{"config", Role::job, false},
                             Cell{"config", Role::stranger, false},
                             Cell{"logs", Role::host_operator, true},
                             Cell{"logs", Role::job, false},
                             Cell{"logs", Role::stranger, false},
                             Cell{"logs_follow", Role::host_operator, true},
                             Cell{"logs_follow", Role::job, false},
                             Cell{"logs_follow", Role::stranger, false},
                             Cell{"logs_test", Role::host_operator, true},
                             Cell{"logs_test", Role::job, false},
                             Cell{"logs_test", Role::stranger, false},
                             Cell{"drain", Role::host_operator, true},
                             Cell{"drain", Role::job, false},
                             Cell{"drain", Role::stranger, false},
                             Cell{"hold", Role::host_operator, true},
                             Cell{"hold", Role::job, false},
                             Cell{"hold", Role::stranger, false},
                             Cell{"resume", Role::host_operator, true},
                             Cell{"resume", Role::job, false},
                             Cell{"resume", Role::stranger, false}}) {
        const auto* permission = permission_for(cell.verb);
        REQUIRE(permission != nullptr);
        CHECK(permission->name == cell.verb);
        CHECK(may(cell.role, *permission) == cell.allowed);
    }
    CHECK(permissions.size() == 10);  // a new verb has new cells above
    CHECK(permission_for("") == nullptr);
    CHECK(permission_for("Status") == nullptr);
}

TEST_CASE("role: every cell of peer -> role") {
    const std::optional<std::string> unknown;
    // root, wherever it is
    CHECK(role(asker(0, {}, shell)) == Role::host_operator);
    CHECK(role(asker(0, {}, inside)) == Role::host_operator);
    CHECK(role(asker(0, {}, unknown)) == Role::host_operator);
    // the daemon's own user, but not from inside a runner
    CHECK(role(asker(daemon_uid, {}, shell)) == Role::host_operator);
    CHECK(role(asker(daemon_uid, {}, unknown)) == Role::host_operator);
    CHECK(role(asker(daemon_uid, {}, inside)) == Role::stranger);
    // a member of the group
    CHECK(role(asker(1000, {4, group}, shell)) == Role::host_operator);
    CHECK(role(asker(1000, {group}, unknown)) == Role::stranger);
    CHECK(role(asker(1000, {group}, inside)) == Role::stranger);
    // the runner's user
    CHECK(role(asker(runner_uid, {}, inside)) == Role::job);
    CHECK(role(asker(runner_uid, {}, inside + "/step.scope")) == Role::job);
    CHECK(role(asker(runner_uid, {group}, inside)) == Role::job);  // an admin's own account
    CHECK(role(asker(runner_uid, {group}, shell)) == Role::host_operator);
    CHECK(role(asker(runner_uid, {}, shell)) == Role::stranger);
    CHECK(role(asker(runner_uid, {}, unknown)) == Role::stranger);
    // somebody else
    CHECK(role(asker(1000, {4, 27}, shell)) == Role::stranger);
    CHECK(role(asker(1000, {}, inside)) == Role::stranger);
}

TEST_CASE("role: the primary group counts like the others") {
    auto who = asker(1000, {}, shell);
    who.peer.gid = group;
    CHECK(role(who) == Role::host_operator);
}

TEST_CASE("role: a job is known by its runner") {
    const auto standing =
        standing_of(asker(runner_uid, {}, inside), {.uid = daemon_uid}, one_runner());
    CHECK(standing.runner == "acme.one");
}

TEST_CASE("role: a cgroup that only begins like a runner's is not one") {
    CHECK(role(asker(1000, {group}, "/system.slice/actions.runner.acme.one.service.old")) ==
          Role::stranger);  // still a runner's by its name, though not discovered
    auto facts = one_runner();
    facts.runners.front().unit_state.value->control_group = "/system.slice/two.service";
    CHECK(role(asker(1000, {group}, "/system.slice/two.services"), facts) == Role::host_operator);
    CHECK(role(asker(1000, {group}, "/system.slice/two.service"), facts) == Role::stranger);
    CHECK(role(asker(1000, {group}, "/system.slice/two.service/x"), facts) == Role::stranger);
}

TEST_CASE("role: before the first tick a process in a runner's unit is no operator") {
    CHECK(role(asker(runner_uid, {group}, inside), {}) == Role::stranger);
    CHECK(role(asker(1000, {group}, shell), {}) == Role::host_operator);
}

TEST_CASE("role: without knowing the unit's user nobody in it is its job") {
    auto facts = one_runner();
    facts.runners.front().processes.value.reset();
    CHECK(role(asker(runner_uid, {}, inside), facts) == Role::stranger);
}

TEST_CASE("role: a refused one is told what to do") {
    const Household with_group{.uid = daemon_uid, .group = group};
    CHECK(
        standing_of(asker(1000, {}, shell), with_group, {}).advice.find("usermod -aG paws-agent") !=
        std::string::npos);
    CHECK(
        standing_of(asker(1000, {}, shell), {.uid = daemon_uid}, {}).advice.find("sudo pawsctl") !=
        std::string::npos);
    CHECK(standing_of(asker(1000, {group}, std::nullopt), with_group, {}).advice.find("hidepid") !=
          std::string::npos);
}

TEST_CASE("parse_cgroup: takes systemd's hierarchy, whichever version") {
    CHECK(parse_cgroup("0::/system.slice/a.service\n") == "/system.slice/a.service");
    CHECK(parse_cgroup("4:memory:/x\n1:name=systemd:/user.slice/s.scope\n0::/\n") ==
          "/user.slice/s.scope");
    CHECK(parse_cgroup("1:name=systemd:/machine/outer\n0::/system.slice/a.service\n") ==
          "/system.slice/a.service");
    CHECK(parse_cgroup("0::/\n") == "/");
    CHECK(parse_cgroup("0::/with:colon\n") == "/with:colon");
    CHECK_FALSE(parse_cgroup(""));
    CHECK_FALSE(parse_cgroup("0:"));
    CHECK_FALSE(parse_cgroup("garbage\n\xff\xfe\n"));
    CHECK_FALSE(parse_cgroup("2:cpu:/x\n"));
    CHECK_FALSE(parse_cgroup(std::string(1'000'000, ':')));
}
