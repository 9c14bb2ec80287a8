// Facts for a collector's test: runners as an earlier stage would have found them, and what the
// collector made of them.

#pragma once

#include "collectors/collector.h"
#include "core/facts.h"

#include <chrono>
#include <string>

#include <doctest/doctest.h>

namespace paws {

inline const Now noon{.wall = WallTime{std::chrono::hours{500'000}},
                      .boot = BootTime{std::chrono::hours{1}}};

inline Now later(std::chrono::nanoseconds by) {
    return {.wall = noon.wall + by, .boot = noon.boot + by};
}

// A runner of the configuration, without a unit.
inline Runner unmanaged(const std::string& name, const std::string& root) {
    Runner runner;
    runner.name = name;
    runner.root = root;
    runner.managed = false;
    return runner;
}

// A runner whose unit is active with its processes in `control_group`.
inline Runner in_cgroup(const std::string& name, const std::string& control_group, int main_pid) {
    Runner runner;
    runner.name = name;
    runner.unit = "actions.runner." + name + ".service";
    Unit unit;
    unit.load_state = "loaded";
    unit.active_state = "active";
    unit.control_group = control_group;
    unit.main_pid = main_pid;
    runner.unit_state = {.value = unit, .taken = noon};
    return runner;
}

// One round of the collector, applied to `facts` as the loop does it.
inline Result<void> collect_into(Facts& facts,
                                 collectors::Collector& collector,
                                 const Now& now = noon) {
    const auto fill = collector.collect(facts, now);
    if (!fill) {
        return fill.error();
    }
    (*fill)(facts);
    return {};
}

}  // namespace paws
