#include "collectors/cgroup.h"

#include "tests/support/facts.h"
#include "tests/support/fake_unit.h"
#include "tests/support/fixture_host.h"

#include <filesystem>
#include <fstream>
#include <string>

#include <doctest/doctest.h>

using namespace paws;
using collectors::CgroupCollector;
using collectors::find_number;
using collectors::parse_io_service_bytes;
using collectors::parse_io_stat;

namespace {

const std::string group = "/system.slice/actions.runner.acme.build-01.service";
const std::string stall_lines =
    "some avg10=1.50 avg60=0.50 avg300=0.25 total=2500000\n"
    "full avg10=0.00 avg60=0.00 avg300=0.00 total=1000\n";

void write_v2(const FixtureHost& host, const std::string& tree) {
    const auto unit = tree + group;
    host.write(tree + "/cgroup.controllers", "cpu io memory pids\n");
    host.write(unit + "/cpu.stat", "usage_usec 12500000\nuser_usec 10000000\n");
    host.write(unit + "/memory.current", "104857600\n");
    host.write(unit + "/memory.peak", "209715200\n");
    host.write(unit + "/memory.events", "low 0\nhigh 0\nmax 3\noom 2\noom_kill 1\n");
    host.write(unit + "/io.stat", "8:0 rbytes=100 wbytes=20 rios=1\n253:0 rbytes=1 wbytes=2\n");
    host.write(unit + "/pids.current", "17\n");
    for (const auto* resource : {"cpu", "memory", "io"}) {
        host.write(unit + "/" + resource + ".pressure", stall_lines);
    }
}

std::optional<Cgroup> look(const FixtureHost& host, const std::string& control_group = group) {
    Facts facts;
    facts.runners.push_back(in_cgroup("acme.build-01", control_group, 10));
    CgroupCollector collector{host.root()};
    REQUIRE(collect_into(facts, collector));
    return facts.runners[0].cgroup.value;
}

}  // namespace

TEST_CASE("cgroup: all that a host with one tree counts") {
    const FixtureHost host;
    write_v2(host, "sys/fs/cgroup");
    const auto seen = look(host);
    REQUIRE(seen);
    CHECK(seen->path == group);
    CHECK(seen->id != 0);
    CHECK(seen->cpu_seconds == doctest::Approx(12.5));
    CHECK(seen->memory_bytes == 104857600);
    CHECK(seen->memory_peak_bytes == 209715200);
    CHECK(seen->oom_kills == 1);
    CHECK(seen->io_read_bytes == 101);
    CHECK(seen->io_written_bytes == 22);
    CHECK(seen->pids == 17);
    REQUIRE(seen->pressure.io.some);
    CHECK(seen->pressure.io.some->total_seconds == doctest::Approx(2.5));
    CHECK(seen->pressure.memory.full->total_seconds == doctest::Approx(0.001));
}

TEST_CASE("cgroup: what the host does not count is absent") {
    const FixtureHost host;
    const auto unit = "sys/fs/cgroup" + group;
    host.write("sys/fs/cgroup/cgroup.controllers", "\n");
    host.write(unit + "/cpu.stat", "usage_usec 5\n");
    const auto seen = look(host);
    REQUIRE(seen);
    CHECK(seen->cpu_seconds);
    CHECK_FALSE(seen->memory_bytes);
    CHECK_FALSE(seen->memory_peak_bytes);
    CHECK_FALSE(seen->oom_kills);
    CHECK_FALSE(seen->io_read_bytes);
    CHECK_FALSE(seen->pids);
    CHECK_FALSE(seen->pressure.cpu.some);
}

TEST_CASE("cgroup: a unit without I/O yet has read and written nothing") {
    const FixtureHost host;
    write_v2(host, "sys/fs/cgroup");
    host.write("sys/fs/cgroup" + group + "/io.stat", "");
    CHECK(look(host)->io_read_bytes == 0);
    CHECK(look(host)->io_written_bytes == 0);
}

TEST_CASE("cgroup: v1 controllers alone, or beside a tree that has none") {
    const FixtureHost host;
    const std::string top = "sys/fs/cgroup/";
    host.write(top + "systemd" + group + "/cgroup.procs", "");
    host.write(top + "cpuacct" + group + "/cpuacct.usage", "12500000000\n");
    host.write(top + "memory" + group + "/memory.usage_in_bytes", "104857600\n");
    host.write(top + "memory" + group + "/memory.max_usage_in_bytes", "209715200\n");
    host.write(top + "memory" + group + "/memory.oom_control", "under_oom 0\noom_kill 1\n");
    host.write(top + "pids" + group + "/pids.current", "17\n");
    host.write(top + "blkio" + group + "/blkio.throttle.io_service_bytes",
               "8:0 Read 100\n8:0 Write 20\n8:0 Sync 120\n8:0 Total 120\nTotal 120\n");
    SUBCASE("alone") {
        CHECK(look(host)->id == 0);
        CHECK_FALSE(look(host)->pressure.cpu.some);
        CHECK(look(host)->cpu_seconds == doctest::Approx(12.5));
    }
    SUBCASE("hybrid") {
        host.write(top + "unified/cgroup.controllers", "\n");
        host.write(top + "unified" + group + "/cpu.stat", "usage_usec 13000000\n");
        host.write(top + "unified" + group + "/cpu.pressure", stall_lines);
        CHECK(look(host)->id != 0);
        CHECK(look(host)->pressure.cpu.some);
        CHECK(look(host)->cpu_seconds == doctest::Approx(13.0));
    }
    const auto seen = look(host);
    CHECK(seen->memory_bytes == 104857600);
    CHECK(seen->memory_peak_bytes == 209715200);
    CHECK(seen->oom_kills == 1);
    CHECK(seen->pids == 17);
    CHECK(seen->io_read_bytes == 100);
    CHECK(seen->io_written_bytes == 20);
}

TEST_CASE("cgroup: a unit that has none, or lost it meanwhile, is absent, not an error") {
    const FixtureHost host;
    write_v2(host, "sys/fs/cgroup");
    CHECK_FALSE(look(host, ""));
    CHECK_FALSE(look(host, "/system.slice/other.service"));
    CHECK_FALSE(look(host, "/system.slice/../../../../etc"));
}

TEST_CASE("cgroup: garbage in a file costs that value only") {
    const FixtureHost host;
    write_v2(host, "sys/fs/cgroup");
    const auto unit = "sys/fs/cgroup" + group;
    host.write(unit + "/memory.current", "max\n");
    host.write(unit + "/pids.current", std::string(100'000, '1'));
    host.write(unit + "/io.stat", "8:0 rbytes=\xff\n");
    host.write(unit + "/cpu.pressure", "some avg10=x\n");
    const auto seen = look(host);
    CHECK_FALSE(seen->memory_bytes);
    CHECK_FALSE(seen->pids);
    CHECK_FALSE(seen->io_read_bytes);
    CHECK_FALSE(seen->pressure.cpu.some);
    CHECK(seen->memory_peak_bytes == 209715200);
}

TEST_CASE("cgroup: a real one agrees with its files" * doctest::test_suite("root") *
          doctest::skip(!FakeUnit::possible())) {
    FakeUnit unit{"build-01"};
    Facts facts;
    facts.runners.push_back(in_cgroup("acme.build-01", unit.control_group(), unit.start()));
    REQUIRE(unit.prints("Listening for Jobs"));
    unit.tell("job burn 1 Succeeded");
    REQUIRE(unit.prints("completed with result: Succeeded"));
    CgroupCollector collector{*platform::RootFs::open("/")};
    REQUIRE(collect_into(facts, collector));
    const auto& seen = facts.runners[0].cgroup.value;
    REQUIRE(seen);
    std::ifstream file{unit.cgroup_directory() / "cpu.stat"};
    std::string key;
    double usage = 0;
    file >> key >> usage;
    CHECK(*seen->cpu_seconds > 0.05);  // a machine under load gives the job little
    CHECK(*seen->cpu_seconds <= usage / 1e6);
    CHECK(*seen->cpu_seconds > usage / 1e6 - 0.5);
}

TEST_CASE("parse_io_stat: devices are summed, other keys and blank lines passed over") {
    const auto bytes = parse_io_stat("\n8:0 rbytes=1 wbytes=2 rios=9\n8:16 \nrbytes\n");
    REQUIRE(bytes);
    CHECK(bytes->read == 1);
    CHECK(bytes->written == 2);
    CHECK(parse_io_stat("")->read == 0);
    CHECK_FALSE(parse_io_stat("8:0 rbytes=-1"));
    CHECK_FALSE(parse_io_stat("8:0 wbytes="));
    CHECK(parse_io_stat("\xff\xfe garbage"));
}

TEST_CASE("parse_io_service_bytes: reads and writes are summed, totals are not") {
    const auto bytes = parse_io_service_bytes("8:0 Read 1\n8:0 Write 2\n8:1 Read 4\nTotal 7\n");
    REQUIRE(bytes);
    CHECK(bytes->read == 5);
    CHECK(bytes->written == 2);
    CHECK_FALSE(parse_io_service_bytes("8:0 Read x"));
    CHECK(parse_io_service_bytes("")->written == 0);
}

TEST_CASE("find_number: the whole key, the whole number") {
    CHECK(find_number("oom 2\noom_kill 1\n", "oom_kill") == 1);
    CHECK_FALSE(find_number("oom_kill_group 1\n", "oom_kill"));
    CHECK_FALSE(find_number("oom_kill\n", "oom_kill"));
    CHECK_FALSE(find_number("oom_kill -1\n", "oom_kill"));
    CHECK_FALSE(find_number("", "oom_kill"));
    CHECK_FALSE(find_number(std::string(1'000'000, 'x'), "oom_kill"));
}
