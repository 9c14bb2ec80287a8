// The page at /: what this is, and where its answers are. Pure.

#pragma once

#include "exporter/agent_info.h"

#include <string>

namespace paws::exporter {

std::string landing_page(const AgentInfo& agent);

}  // namespace paws::exporter
