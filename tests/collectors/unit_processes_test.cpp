// Real processes in a real cgroup: a fake runner driven through its life.
#include "collectors/processes.h"
#include "tests/support/facts.h"
#include "tests/support/fake_unit.h"

#include <algorithm>
#include <csignal>
#include <cstdlib>
#include <string>

#include <doctest/doctest.h>
#include <unistd.h>

using namespace paws;
using collectors::ProcessesCollector;

namespace {

class Rig {
public:
    Rig() {
        const auto main = unit_.start();
        facts_.runners.push_back(in_cgroup("acme-widgets.build-01", unit_.control_group(), main));
        REQUIRE(unit_.prints("Listening for Jobs"));
    }

    FakeUnit& unit() { return unit_; }

    ProcessTree look() {
        REQUIRE(collect_into(facts_, collector_));
        return *facts_.runners[0].processes.value;
    }
    void systemd_has_seen_the_main_process_end() {
        facts_.runners[0].unit_state.value->main_pid = 0;
    }
    std::uint64_t count(ProcessRole role) { return look().counts.at(role); }

private:
    FakeUnit unit_{"build-01"};
    Facts facts_;
    ProcessesCollector collector_{*platform::RootFs::open("/")};
};

const Process* find(const ProcessTree& tree, ProcessRole role) {
    const auto found = std::ranges::find(tree.processes, role, &Process::role);
    return found == tree.processes.end() ? nullptr : &*found;
}

}  // namespace

TEST_CASE("processes of a real runner: start and a job and its end" * doctest::test_suite("root") *
          doctest::skip(!FakeUnit::possible())) {
    Rig rig;
    const auto idle = rig.look();
    REQUIRE(idle.processes.size() == 3);
    CHECK(find(idle, ProcessRole::shell)->comm == "runsvc.sh");
    CHECK(find(idle, ProcessRole::wrapper)->comm == "node");
    CHECK(find(idle, ProcessRole::listener)->comm == "Runner.Listener");
    CHECK(find(idle, ProcessRole::listener)->uid == ::geteuid());
    CHECK(find(idle, ProcessRole::listener)->start_ticks > 0);

    rig.unit().tell("job build (1) steps=3 1 Succeeded");
    REQUIRE(rig.unit().prints("Running job: build (1)"));
    REQUIRE(rig.unit().has("bash"));
    const auto busy = rig.look();
    CHECK(busy.counts.at(ProcessRole::worker) == 1);
    CHECK(busy.counts.at(ProcessRole::orphan_worker) == 0);
    CHECK(find(busy, ProcessRole::worker)->parent == find(busy, ProcessRole::listener)->pid);

    REQUIRE(rig.unit().prints("completed with result: Succeeded"));
    CHECK(rig.count(ProcessRole::worker) == 0);
    CHECK(rig.count(ProcessRole::job) == 0);
}

TEST_CASE("processes of a real runner: a crash leaves an orphan beside the next listener" *
          doctest::test_suite("root") * doctest::skip(!FakeUnit::possible())) {
    ::setenv("FAKE_RELAUNCH_MS", "50", 1);
    Rig rig;
    rig.unit().tell("job long forge 60 Succeeded");
    REQUIRE(rig.unit().has("Runner.Worker"));
    rig.look();
    rig.unit().tell("orphan");
    REQUIRE(rig.unit().prints("Runner listener exited with error code null"));
    REQUIRE(rig.unit().prints("Listening for Jobs"));
    const auto after = rig.look();
    CHECK(after.counts.at(ProcessRole::listener) == 1);
    CHECK(after.counts.at(ProcessRole::orphan_worker) == 1);
    CHECK(after.counts.at(ProcessRole::worker) == 0);
}

TEST_CASE("processes of a real runner: the main process killed alone leaves its listener at work" *
          doctest::test_suite("root") * doctest::skip(!FakeUnit::possible())) {
    Rig rig;
    const auto main = find(rig.look(), ProcessRole::shell)->pid;
    REQUIRE(::kill(main, SIGKILL) == 0);
    REQUIRE(rig.unit().has("runsvc.sh", false));
    rig.systemd_has_seen_the_main_process_end();
    const auto after = rig.look();
    CHECK(after.counts.at(ProcessRole::shell) == 0);
    CHECK(after.counts.at(ProcessRole::wrapper) == 1);
    CHECK(after.counts.at(ProcessRole::listener) == 1);
}
