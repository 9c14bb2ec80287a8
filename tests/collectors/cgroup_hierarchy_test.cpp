#include "collectors/cgroup_hierarchy.h"

#include "tests/support/fixture_host.h"

#include <algorithm>

#include <doctest/doctest.h>

using namespace paws;
using collectors::CgroupHierarchy;

namespace {

const std::string unit = "/system.slice/x.service";

}  // namespace

TEST_CASE("CgroupHierarchy: one tree, two kinds of trees, or v1 alone") {
    const FixtureHost host;
    SUBCASE("v2") {
        host.write("sys/fs/cgroup/cgroup.controllers", "cpu memory\n");
        host.write("sys/fs/cgroup" + unit + "/cgroup.procs", "7\n5\n");
        const CgroupHierarchy hierarchy{host.root()};
        CHECK(hierarchy.v2(unit) == "sys/fs/cgroup" + unit);
        CHECK(hierarchy.v1("memory", unit).empty());
        CHECK(hierarchy.pids(unit).value() == std::vector{5, 7});
        CHECK(hierarchy.find(unit)->id != 0);
    }
    SUBCASE("hybrid") {
        host.write("sys/fs/cgroup/unified/cgroup.controllers", "\n");
        host.write("sys/fs/cgroup/unified" + unit + "/cgroup.procs", "7\n5\n");
        const CgroupHierarchy hierarchy{host.root()};
        CHECK(hierarchy.v2(unit) == "sys/fs/cgroup/unified" + unit);
        CHECK(hierarchy.v1("memory", unit) == "sys/fs/cgroup/memory" + unit);
        CHECK(hierarchy.pids(unit).value() == std::vector{5, 7});
    }
    SUBCASE("v1") {
        host.write("sys/fs/cgroup/systemd" + unit + "/cgroup.procs", "7\n5\n");
        const CgroupHierarchy hierarchy{host.root()};
        CHECK(hierarchy.v2(unit).empty());
        CHECK(hierarchy.find(unit).error().code == Errc::absent);
        CHECK(hierarchy.pids(unit).value() == std::vector{5, 7});
    }
    SUBCASE("none") {
        const CgroupHierarchy hierarchy{host.root()};
        CHECK(hierarchy.pids(unit).error().code == Errc::absent);
        CHECK(hierarchy.subtree(unit).error().code == Errc::absent);
    }
}

TEST_CASE("CgroupHierarchy: processes of cgroups below count, each once, strangers' zeros not") {
    const FixtureHost host;
    const auto top = "sys/fs/cgroup" + unit;
    host.write("sys/fs/cgroup/cgroup.controllers", "");
    host.write(top + "/cgroup.procs", "7\n0\n");
    host.write(top + "/a/cgroup.procs", "9\n7\ngarbage\n-3\n");
    host.write(top + "/a/deep.scope/cgroup.procs", "11");
    const CgroupHierarchy hierarchy{host.root()};
    CHECK(hierarchy.pids(unit).value() == std::vector{7, 9, 11});
    CHECK(hierarchy.subtree(unit)->size() == 3);
}

TEST_CASE("CgroupHierarchy: a cgroup with thousands below it is followed to a bound") {
    const FixtureHost host;
    host.write("sys/fs/cgroup/cgroup.controllers", "");
    for (int at = 0; at < 600; ++at) {
        host.write("sys/fs/cgroup" + unit + "/" + std::to_string(at) + "/cgroup.procs", "5\n");
    }
    const CgroupHierarchy hierarchy{host.root()};
    CHECK(hierarchy.subtree(unit)->size() == CgroupHierarchy::subtree_limit);
}

TEST_CASE("is_control_group: a name that climbs or is not absolute is refused") {
    CHECK(collectors::is_control_group("/system.slice/actions.runner.a-b.c.service"));
    CHECK(collectors::is_control_group("/a..b/..c"));
    for (const std::string_view name : {"", "/", "x", "/../etc", "/a/../../etc", "/a/.."}) {
        CAPTURE(name);
        CHECK_FALSE(collectors::is_control_group(name));
    }
}
