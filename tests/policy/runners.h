// Runners built as values for the policy tests, and the moments they live in.

#pragma once

#include "core/facts.h"
#include "core/time.h"

#include <initializer_list>
#include <utility>

namespace paws::policy::testing {

using namespace std::chrono_literals;

inline constexpr Now noon{
    .wall = WallTime{std::chrono::sys_days{std::chrono::year{2026} / 3 / 1}} + 12h,
    .boot = BootTime{100h}};

inline Now after(std::chrono::nanoseconds span) {
    return {.wall = noon.wall + span, .boot = noon.boot + span};
}

template <class T>
Sourced<T> at(const Now& now, T value) {
    return {.value = std::move(value), .taken = now};
}

inline ProcessTree tree(std::initializer_list<ProcessRole> roles, char listener_state = 'S') {
    ProcessTree tree;
    int pid = 100;
    for (const auto role : roles) {
        tree.processes.push_back({.pid = pid++,
                                  .parent = 1,
                                  .start_ticks = 1,
                                  .state = role == ProcessRole::listener ? listener_state : 'S',
                                  .uid = 1000,
                                  .comm = {},
                                  .role = role});
        ++tree.counts[role];
    }
    return tree;
}

// A runner that has listened for an hour and was heard from twenty seconds ago.
inline Runner healthy(const Now& now = noon) {
    Runner runner;
    runner.name = "acme-widgets.build-01";
    runner.unit = "actions.runner.acme-widgets.build-01.service";
    runner.root = "/opt/actions-runner";
    Unit unit;
    unit.load_state = "loaded";
    unit.active_state = "active";
    unit.sub_state = "running";
    unit.unit_file_state = "enabled";
    unit.result = "success";
    unit.main_pid = 100;
    unit.active_enter = noon.wall - 61min;
    runner.unit_state = at(now, unit);
    runner.processes =
        at(now, tree({ProcessRole::shell, ProcessRole::wrapper, ProcessRole::listener}));
    runner.sockets = at(now, Sockets{.established = 1, .last_received_seconds = 20.0});
    RunnerLog log;
    log.started = noon.wall - 61min;
    log.listening = noon.wall - 60min;
    log.contact = log.listening;
    runner.log = at(now, log);
    return runner;
}

inline Runner inactive(const Now& now = noon) {
    auto runner = healthy(now);
    runner.unit_state.value->active_state = "inactive";
    runner.unit_state.value->sub_state = "dead";
    runner.unit_state.value->main_pid = 0;
    runner.unit_state.value->inactive_enter = noon.wall - 5min;
    runner.processes = at(now, tree({}));
    runner.sockets.value.reset();
    return runner;
}

}  // namespace paws::policy::testing
