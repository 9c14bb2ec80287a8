// The lines of a status screen about the agent itself.

#pragma once

#include "pawsctl/screen.h"

#include <vector>

#include <boost/json/object.hpp>

namespace paws::pawsctl {

std::vector<Line> agent_lines(const boost::json::object& status, const Screen& screen);

}  // namespace paws::pawsctl
