#include "collectors/process_roles.h"

#include <algorithm>
#include <string>
#include <vector>

#include <doctest/doctest.h>

using namespace paws;
using collectors::assign_roles;

namespace {

// A process that started when its pid was given.
Process process(int pid, int parent, const std::string& comm) {
    Process made;
    made.pid = pid;
    made.parent = parent;
    made.start_ticks = static_cast<std::uint64_t>(pid);
    made.comm = comm;
    return made;
}

const std::vector<Process> idle{
    process(10, 1, "runsvc.sh"), process(11, 10, "node"), process(12, 11, "Runner.Listener")};

std::vector<Process> idle_and(const std::vector<Process>& more) {
    auto all = idle;
    all.insert(all.end(), more.begin(), more.end());
    return all;
}

ProcessRole role_of(const std::vector<Process>& processes, int pid) {
    return std::ranges::find(processes, pid, &Process::pid)->role;
}

}  // namespace

TEST_CASE("assign_roles: the chain from the main process to the worker, all else is the job's") {
    auto all = idle_and({process(20, 12, "Runner.Worker"),
                         process(21, 20, "bash"),
                         process(22, 21, "cc1plus"),
                         process(23, 1, "left-behind")});
    assign_roles(all, 10);
    CHECK(role_of(all, 10) == ProcessRole::shell);
    CHECK(role_of(all, 11) == ProcessRole::wrapper);
    CHECK(role_of(all, 12) == ProcessRole::listener);
    CHECK(role_of(all, 20) == ProcessRole::worker);
    CHECK(role_of(all, 21) == ProcessRole::job);
    CHECK(role_of(all, 22) == ProcessRole::job);
    CHECK(role_of(all, 23) == ProcessRole::job);
}

TEST_CASE("assign_roles: a worker that lost its listener is an orphan") {
    std::vector<Process> all{process(10, 1, "runsvc.sh"),
                             process(11, 10, "node"),
                             process(20, 1, "Runner.Worker"),
                             process(21, 20, "bash")};
    SUBCASE("while no listener runs") {
        assign_roles(all, 10);
    }
    SUBCASE("beside a new listener with a worker of its own") {
        all.push_back(process(30, 11, "Runner.Listener"));
        all.push_back(process(31, 30, "Runner.Worker"));
        assign_roles(all, 10);
        CHECK(role_of(all, 31) == ProcessRole::worker);
    }
    SUBCASE("when the unit has no main process any more") {
        all.erase(all.begin(), all.begin() + 2);
        assign_roles(all, 0);
    }
    CHECK(role_of(all, 20) == ProcessRole::orphan_worker);
    CHECK(role_of(all, 21) == ProcessRole::job);
}

TEST_CASE("assign_roles: a name makes nobody a listener or a worker") {
    auto all = idle_and({process(20, 12, "Runner.Worker"),
                         process(21, 20, "bash"),
                         process(22, 21, "Runner.Listener"),
                         process(23, 22, "Runner.Worker"),
                         process(24, 1, "Runner.Listener")});
    assign_roles(all, 10);
    CHECK(role_of(all, 12) == ProcessRole::listener);
    CHECK(role_of(all, 20) == ProcessRole::worker);
    for (const int forged : {22, 23, 24}) {
        CHECK(role_of(all, forged) == ProcessRole::job);
    }
}

TEST_CASE("assign_roles: with the listener dead its forger does not take its place") {
    std::vector<Process> all{process(10, 1, "runsvc.sh"),
                             process(11, 10, "node"),
                             process(20, 1, "Runner.Worker"),
                             process(22, 20, "Runner.Listener"),
                             process(24, 1, "Runner.Listener")};
    assign_roles(all, 10);
    CHECK(role_of(all, 11) == ProcessRole::wrapper);
    CHECK(role_of(all, 22) == ProcessRole::job);
    CHECK(role_of(all, 24) == ProcessRole::job);
}

TEST_CASE("assign_roles: children of the listener that are no worker are its helpers") {
    auto all = idle_and({process(20, 12, "bash"),
                         process(21, 12, "Runner.Worker"),
                         process(22, 21, "Runner.PluginHo")});
    assign_roles(all, 10);
    CHECK(role_of(all, 20) == ProcessRole::helper);
    CHECK(role_of(all, 22) == ProcessRole::helper);

    all[3].parent = 1;  // the listener exits for the update, its script goes on
    all.erase(all.begin() + 2);
    assign_roles(all, 10);
    CHECK(role_of(all, 20) == ProcessRole::helper);
    CHECK(role_of(all, 21) == ProcessRole::orphan_worker);
}

TEST_CASE("assign_roles: run.sh as the unit's program, and the listener itself") {
    std::vector<Process> all{process(10, 1, "run.sh"),
                             process(11, 10, "run-helper.sh"),
                             process(12, 11, "Runner.Listener"),
                             process(13, 12, "Runner.Worker")};
    assign_roles(all, 10);
    CHECK(role_of(all, 10) == ProcessRole::shell);
    CHECK(role_of(all, 11) == ProcessRole::wrapper);
    CHECK(role_of(all, 12) == ProcessRole::listener);
    CHECK(role_of(all, 13) == ProcessRole::worker);

    all.erase(all.begin(), all.begin() + 2);
    assign_roles(all, 12);
    CHECK(role_of(all, 12) == ProcessRole::listener);
    CHECK(role_of(all, 13) == ProcessRole::worker);
}

TEST_CASE("assign_roles: what a killed main process leaves is still a wrapper and its listener") {
    std::vector<Process> all{process(11, 1, "node"),
                             process(12, 11, "Runner.Listener"),
                             process(20, 12, "Runner.Worker")};
    assign_roles(all, 0);
    CHECK(role_of(all, 11) == ProcessRole::wrapper);
    CHECK(role_of(all, 12) == ProcessRole::listener);
    CHECK(role_of(all, 20) == ProcessRole::worker);
}

TEST_CASE("assign_roles: circles and strangers do no harm") {
    std::vector<Process> none;
    assign_roles(none, 10);
    std::vector<Process> circle{process(5, 6, "Runner.Listener"),
                                process(6, 5, "Runner.Listener"),
                                process(7, 7, "Runner.Worker")};
    assign_roles(circle, 0);
    CHECK(role_of(circle, 5) == ProcessRole::job);
    CHECK(role_of(circle, 7) == ProcessRole::job);
}
