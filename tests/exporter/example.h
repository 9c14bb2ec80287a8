// Hand-made snapshots for the exporter's tests: a host and a runner of which everything is known.

#pragma once

#include "core/snapshot.h"
#include "exporter/agent_info.h"

#include <string>

namespace paws::exporter::testing {

inline constexpr Now noon{
    .wall = WallTime{std::chrono::seconds{1'763'906'400}},  // 2025-11-23 14:00
    .boot = BootTime{std::chrono::hours{3}}};

template <class T>
Sourced<T> seen(T value) {
    return {.value = std::move(value), .taken = noon};
}

AgentInfo example_agent();
Runner example_runner(const std::string& name);
// Loki does not take lines just now.
LogShipping example_logs();
// A busy runner "acme-widgets.build-01" on a host with two filesystems, one of them dead.
Snapshot example_snapshot();

}  // namespace paws::exporter::testing
