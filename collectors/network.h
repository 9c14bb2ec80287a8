// Network devices: bytes, errors and drops (proc_net_dev(5)).

#pragma once

#include "core/host_facts.h"
#include "core/result.h"

#include <string_view>
#include <vector>

namespace paws::collectors {

// Every device of the agent's network namespace; node_exporter leaves none out by default either.
Result<std::vector<NetworkDevice>> parse_network(std::string_view text);

}  // namespace paws::collectors
