#include "collectors/processes.h"
#include "tests/support/facts.h"
#include "tests/support/fixture_host.h"

#include <algorithm>
#include <string>

#include <doctest/doctest.h>

using namespace paws;
using collectors::ProcessesCollector;
using namespace std::chrono_literals;
using namespace std::string_literals;

namespace {

// A host without units; processes named by their command line, programs readable where linked.
class Rig {
public:
    Rig() {
        add(1, 0, "init", "/sbin/init\0"s);
        facts_.runners.push_back(unmanaged("build-01", "/opt/r"));
        facts_.runners[0].files = {.value = RunnerFiles{}, .taken = noon};
        facts_.runners[0].files.value->owner = 4242;  // nobody here: only the exe link counts
    }

    void add(int pid, int parent, const std::string& comm, const std::string& command) {
        host_.write_process(pid, parent, comm);
        host_.write("proc/" + std::to_string(pid) + "/cmdline", command);
    }
    void link(int pid, const std::string& program) {
        std::filesystem::create_symlink(program,
                                        host_.path() / "proc" / std::to_string(pid) / "exe");
    }
    void add_idle() {
        add(10, 1, "run.sh", "/bin/bash\0/opt/r/run.sh\0"s);
        add(11, 10, "run-helper.sh", "/bin/bash\0/opt/r/run-helper.sh\0"s);
        add(12, 11, "Runner.Listener", "/opt/r/bin/Runner.Listener\0run\0"s);
        link(12, "/opt/r/bin.2.336.0/Runner.Listener");
    }
    ProcessTree look(std::chrono::seconds after = 0s) {
        REQUIRE(collect_into(facts_, collector_, later(after)));
        REQUIRE(facts_.runners[0].processes.value);
        return *facts_.runners[0].processes.value;
    }

    const FixtureHost& host() const { return host_; }
    Facts& facts() { return facts_; }

private:
    FixtureHost host_;
    Facts facts_;
    ProcessesCollector collector_{host_.root()};
};

ProcessRole role_of(const ProcessTree& tree, int pid) {
    const auto found = std::ranges::find(tree.processes, pid, &Process::pid);
    REQUIRE(found != tree.processes.end());
    return found->role;
}

}  // namespace

TEST_CASE("unmanaged: run.sh, its helper, the listener and what is below, nothing else") {
    Rig rig;
    rig.add_idle();
    rig.add(20, 12, "Runner.Worker", "/opt/r/bin.2.336.0/Runner.Worker\0spawnclient\0"s);
    rig.link(20, "/opt/r/bin.2.336.0/Runner.Worker");
    rig.add(21, 20, "bash", "bash\0"s);
    rig.add(30, 1, "sshd", "/usr/sbin/sshd\0"s);
    const auto seen = rig.look();
    CHECK(seen.processes.size() == 5);
    CHECK(role_of(seen, 10) == ProcessRole::shell);
    CHECK(role_of(seen, 11) == ProcessRole::wrapper);
    CHECK(role_of(seen, 12) == ProcessRole::listener);
    CHECK(role_of(seen, 20) == ProcessRole::worker);
    CHECK(role_of(seen, 21) == ProcessRole::job);
    CHECK(seen.error.empty());
}

TEST_CASE("unmanaged: a listener started by hand has no wrapper, the login shell is not its own") {
    Rig rig;
    rig.add(10, 1, "bash", "-bash\0"s);
    rig.add(11, 10, "vim", "vim\0"s);
    rig.add(12, 10, "Runner.Listener", "/opt/r/bin/Runner.Listener\0run\0"s);
    rig.link(12, "/opt/r/bin/Runner.Listener");
    const auto seen = rig.look();
    CHECK(seen.processes.size() == 1);
    CHECK(role_of(seen, 12) == ProcessRole::listener);
}

TEST_CASE("unmanaged: the program decides, not the name or the command line") {
    Rig rig;
    rig.add(12, 1, "Runner.Listener", "/opt/r/bin/Runner.Listener\0run\0"s);
    SUBCASE("another program behind the words") {
        rig.link(12, "/usr/bin/sleep");
    }
    SUBCASE("another runner's") {
        rig.link(12, "/opt/r2/bin/Runner.Listener");
    }
    SUBCASE("below the root, but not in bin") {
        rig.link(12, "/opt/r/_work/bin/Runner.Listener");
    }
    SUBCASE("words alone, from another user than the root's owner") {}
    CHECK(rig.look().processes.empty());
}

TEST_CASE("unmanaged: without the right to read exe the owner's command line is believed") {
    Rig rig;
    rig.add_idle();
    rig.host().remove("proc/12/exe");
    CHECK(rig.look().counts.at(ProcessRole::listener) == 0);

    Rig own;
    own.add_idle();
    own.host().remove("proc/12/exe");
    own.facts().runners[0].files.value->owner = ::getuid();
    CHECK(own.look().counts.at(ProcessRole::listener) == 1);
}

TEST_CASE(
    "unmanaged: a just-in-time configuration among the words hides no listener, a book does") {
    for (const auto& [length, listeners] : {std::pair{30'000U, 1U}, std::pair{100'000U, 0U}}) {
        Rig rig;
        rig.facts().runners[0].files.value->owner = ::getuid();
        rig.add(12,
                1,
                "Runner.Listener",
                "/opt/r/bin/Runner.Listener\0run\0--jitconfig\0"s + std::string(length, 'x'));
        CHECK(rig.look().counts.at(ProcessRole::listener) == listeners);
    }
}

TEST_CASE("unmanaged: config.sh runs the same program and is no listener") {
    Rig rig;
    rig.add(12, 1, "Runner.Listener", "/opt/r/bin/Runner.Listener\0configure\0"s);
    rig.link(12, "/opt/r/bin/Runner.Listener");
    CHECK(rig.look().processes.empty());
}

TEST_CASE("unmanaged: a listener that a job starts is the job's") {
    Rig rig;
    rig.add_idle();
    rig.add(20, 12, "Runner.Worker", "/opt/r/bin.2.336.0/Runner.Worker\0"s);
    rig.link(20, "/opt/r/bin.2.336.0/Runner.Worker");
    rig.add(21, 20, "Runner.Listener", "/opt/r/bin/Runner.Listener\0run\0"s);
    rig.link(21, "/opt/r/bin/Runner.Listener");
    const auto seen = rig.look();
    CHECK(role_of(seen, 12) == ProcessRole::listener);
    CHECK(role_of(seen, 21) == ProcessRole::job);
}

TEST_CASE("unmanaged: an orphan worker is found by its program, with what it runs") {
    Rig rig;
    rig.add(20, 1, "Runner.Worker", "/opt/r/bin.2.336.0/Runner.Worker\0spawnclient\0"s);
    rig.link(20, "/opt/r/bin.2.336.0/Runner.Worker (deleted)");
    rig.add(21, 20, "bash", "bash\0"s);
    const auto seen = rig.look();
    CHECK(role_of(seen, 20) == ProcessRole::orphan_worker);
    CHECK(role_of(seen, 21) == ProcessRole::job);
}

TEST_CASE("unmanaged: the root may be a symlink, the program is known by its real path") {
    Rig rig;
    rig.add_idle();
    rig.facts().runners[0].root = "/home/runner/link/";
    CHECK(rig.look().counts.at(ProcessRole::listener) == 0);
    rig.facts().runners[0].files.value->real_path = "/opt/r";
    CHECK(rig.look().counts.at(ProcessRole::listener) == 1);
}

TEST_CASE("unmanaged: /proc is listed every five seconds, an end is seen at once") {
    Rig rig;
    CHECK(rig.look().processes.empty());
    rig.add_idle();
    CHECK(rig.look(4s).processes.empty());
    CHECK(rig.look(5s).processes.size() == 3);
    rig.host().remove("proc/12");
    CHECK(rig.look(6s).counts.at(ProcessRole::listener) == 0);
}

TEST_CASE("unmanaged: what the listener starts, from any thread, is seen without a listing") {
    Rig rig;
    rig.add_idle();
    CHECK(rig.look().processes.size() == 3);
    rig.add(20, 12, "Runner.Worker", "/opt/r/bin.2.336.0/Runner.Worker\0spawnclient\0"s);
    rig.link(20, "/opt/r/bin.2.336.0/Runner.Worker");
    rig.host().write("proc/12/task/12/children", "");
    rig.host().write("proc/12/task/15/children", "20 ");
    CHECK(rig.look(1s).counts.at(ProcessRole::worker) == 1);
}

TEST_CASE("unmanaged: the scripts above stay the runner's while they wait for the next listener") {
    Rig rig;
    rig.add_idle();
    CHECK(rig.look().processes.size() == 3);
    rig.host().remove("proc/12");
    const auto between = rig.look(1s);
    CHECK(role_of(between, 10) == ProcessRole::shell);
    CHECK(role_of(between, 11) == ProcessRole::wrapper);
    rig.host().remove("proc/11");
    rig.host().remove("proc/10");
    CHECK(rig.look(2s).processes.empty());
}

TEST_CASE("unmanaged: a hidden /proc is said, an owner not known yet is waited for") {
    Rig rig;
    rig.host().remove("proc/1");
    CHECK(rig.look().error.find("hidepid") != std::string::npos);

    Facts facts;
    facts.runners.push_back(unmanaged("build-01", "/opt/r"));
    ProcessesCollector collector{rig.host().root()};
    REQUIRE(collect_into(facts, collector));
    CHECK_FALSE(facts.runners[0].processes.value);
}
