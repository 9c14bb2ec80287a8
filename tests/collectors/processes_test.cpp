#include "collectors/processes.h"

#include "tests/support/facts.h"
#include "tests/support/fixture_host.h"

#include <algorithm>
#include <string>

#include <doctest/doctest.h>
#include <sys/stat.h>

using namespace paws;
using collectors::ProcessesCollector;
using namespace std::chrono_literals;

namespace {

const std::string group = "/system.slice/actions.runner.acme.build-01.service";

// A host with one idle runner in a cgroup of the only tree.
class Rig {
public:
    explicit Rig(const std::string& tree = "sys/fs/cgroup") : tree_{tree} {
        if (tree == "sys/fs/cgroup") {
            host_.write(tree + "/cgroup.controllers", "cpu\n");
        }
        add(10, 1, "runsvc.sh");
        add(11, 10, "node");
        add(12, 11, "Runner.Listener");
        facts_.runners.push_back(in_cgroup("acme.build-01", group, 10));
        collector_.emplace(host_.root());
    }

    void add(int pid, int parent, const std::string& comm) {
        host_.write_process(pid, parent, comm);
        listed_ += std::to_string(pid) + "\n";
        list(listed_);
    }
    void list(const std::string& pids) const { host_.write(tree_ + group + "/cgroup.procs", pids); }

    ProcessTree look(const Now& now = noon) {
        REQUIRE(collect_into(facts_, *collector_, now));
        REQUIRE(facts_.runners[0].processes.value);
        return *facts_.runners[0].processes.value;
    }

    const FixtureHost& host() const { return host_; }
    Unit& unit() { return *facts_.runners[0].unit_state.value; }

private:
    FixtureHost host_;
    std::string tree_;
    std::string listed_;
    Facts facts_;
    std::optional<ProcessesCollector> collector_;
};

}  // namespace

TEST_CASE("processes: an idle runner is a shell, a wrapper and a listener") {
    for (const auto* tree : {"sys/fs/cgroup", "sys/fs/cgroup/systemd"}) {
        CAPTURE(tree);
        Rig rig{tree};
        const auto seen = rig.look();
        CHECK(seen.counts.at(ProcessRole::shell) == 1);
        CHECK(seen.counts.at(ProcessRole::wrapper) == 1);
        CHECK(seen.counts.at(ProcessRole::listener) == 1);
        CHECK(seen.counts.at(ProcessRole::worker) == 0);
        CHECK(seen.processes.size() == 3);
        CHECK(seen.error.empty());
    }
}

TEST_CASE("processes: a worker that appears, loses its listener and ends is seen each time") {
    Rig rig;
    rig.look();
    rig.add(20, 12, "Runner.Worker");
    rig.add(21, 20, "bash");
    CHECK(rig.look().counts.at(ProcessRole::worker) == 1);
    rig.host().write_process(20, 1, "Runner.Worker");
    rig.list("10\n11\n20\n21\n");
    const auto seen = rig.look();
    CHECK(seen.counts.at(ProcessRole::orphan_worker) == 1);
    CHECK(seen.counts.at(ProcessRole::listener) == 0);
    CHECK(seen.counts.at(ProcessRole::job) == 1);
    rig.list("10\n11\n");
    CHECK(rig.look().counts.at(ProcessRole::orphan_worker) == 0);
}

TEST_CASE("processes: a process caught before its exec gets its true role in the next round") {
    Rig rig;
    rig.add(20, 12, "Runner.Listener");
    CHECK(rig.look().counts.at(ProcessRole::worker) == 0);
    rig.host().write_process(20, 12, "Runner.Worker");
    CHECK(rig.look().counts.at(ProcessRole::worker) == 1);
}

TEST_CASE("processes: a pid that was given again is another process") {
    Rig rig;
    rig.add(20, 12, "bash");
    CHECK(rig.look().counts.at(ProcessRole::helper) == 1);
    rig.host().write_process(20, 1, "bash", 99);
    const auto seen = rig.look();
    CHECK(seen.counts.at(ProcessRole::helper) == 0);
    CHECK(seen.counts.at(ProcessRole::job) == 1);
}

TEST_CASE("processes: ten thousand are counted, the list keeps those that matter") {
    Rig rig;
    std::string all = "10\n11\n12\n";
    for (int pid = 100; pid < 10'100; ++pid) {
        rig.host().write_process(pid, 50, "cc1plus");
        all += std::to_string(pid) + "\n";
    }
    rig.host().write_process(30'000, 12, "Runner.Worker");
    rig.list(all + "30000\n");
    for (int round = 0; round < 2; ++round) {
        const auto seen = rig.look();
        CHECK(seen.counts.at(ProcessRole::job) == 10'000);
        CHECK(seen.counts.at(ProcessRole::worker) == 1);
        CHECK(seen.processes.size() == process_limit);
        CHECK(std::ranges::count(seen.processes, 30'000, &Process::pid) == 1);
    }
}

TEST_CASE("processes: no number of decoys hides the runner's own") {
    Rig rig;
    std::string decoys;
    for (int pid = 2; pid < 10; ++pid) {
        rig.host().write_process(pid, 1, "Runner.Worker");  // below a reaper: an orphan
        decoys += std::to_string(pid) + "\n";
    }
    std::string later;
    for (int pid = 100; pid < 700; ++pid) {
        rig.host().write_process(pid, 1, pid % 2 == 0 ? "Runner.Worker" : "Runner.PluginHo");
        later += std::to_string(pid) + "\n";
    }
    rig.host().write_process(1001, 1000, "node");
    rig.host().write_process(1002, 1001, "Runner.Listener");
    rig.host().write_process(1003, 1002, "Runner.Worker");
    rig.host().write_process(1000, 1, "runsvc.sh");
    rig.list(decoys + later + "1000\n1001\n1002\n1003\n");
    rig.unit().main_pid = 1000;
    const auto seen = rig.look();
    REQUIRE(seen.processes.size() == process_limit);
    CHECK(seen.processes[0].pid == 1000);
    CHECK(seen.processes[1].pid == 1001);
    CHECK(seen.processes[2].pid == 1002);
    CHECK(seen.processes[3].pid == 1003);
    CHECK(seen.counts.at(ProcessRole::orphan_worker) == 308);
    CHECK(seen.counts.at(ProcessRole::helper) == 300);
}

TEST_CASE("processes: what the agent may not see is said, what is gone is not") {
    Rig rig;
    rig.host().remove("proc/12");
    const auto hidden = rig.look();
    CHECK(hidden.error.find("1 processes of the unit are hidden") != std::string::npos);
    CHECK(hidden.error.find("hidepid") != std::string::npos);
    CHECK(hidden.counts.at(ProcessRole::listener) == 0);
    rig.list("10\n11\n");
    CHECK(rig.look().error.empty());
}

TEST_CASE("processes: garbage in a stat file hides one process and no other") {
    Rig rig;
    rig.host().write("proc/12/stat", "\xff\xfe garbage");
    const auto seen = rig.look();
    CHECK(seen.counts.at(ProcessRole::wrapper) == 1);
    CHECK_FALSE(seen.error.empty());
}

TEST_CASE("processes: a stopped unit has none, but what it left behind is still seen") {
    Rig rig;
    rig.look();
    rig.unit().control_group.clear();
    rig.unit().main_pid = 0;
    SUBCASE("nothing left") {
        rig.host().remove("sys/fs/cgroup" + group);
        const auto seen = rig.look();
        CHECK(seen.processes.empty());
        CHECK(seen.error.empty());
        CHECK(seen.counts.at(ProcessRole::listener) == 0);
    }
    SUBCASE("an orphan") {
        rig.host().write_process(20, 1, "Runner.Worker");
        rig.list("20\n");
        CHECK(rig.look().counts.at(ProcessRole::orphan_worker) == 1);
    }
}

TEST_CASE("processes: an agent started after the unit stopped looks where the unit would be") {
    const FixtureHost host;
    host.write("sys/fs/cgroup/cgroup.controllers", "");
    host.write("sys/fs/cgroup" + group + "/cgroup.procs", "20\n");
    host.write_process(20, 1, "Runner.Worker");
    Facts facts;
    facts.runners.push_back(in_cgroup("acme.build-01", "", 0));
    ProcessesCollector collector{host.root()};
    REQUIRE(collect_into(facts, collector));
    CHECK(facts.runners[0].processes.value->counts.at(ProcessRole::orphan_worker) == 1);
}

TEST_CASE("processes: a unit that systemd has not told of stays unknown") {
    const FixtureHost host;
    Facts facts;
    facts.runners.push_back(in_cgroup("acme.build-01", group, 10));
    facts.runners[0].unit_state.value.reset();
    ProcessesCollector collector{host.root()};
    REQUIRE(collect_into(facts, collector));
    CHECK_FALSE(facts.runners[0].processes.value);
}
