// The lines of a status screen about the host and the agent itself.

#pragma once

#include "pawsctl/screen.h"

#include <vector>

#include <boost/json/object.hpp>

namespace paws::pawsctl {

// Where the text begins after a line's name.
inline constexpr std::size_t label_columns = 9;

std::vector<Line> host_lines(const boost::json::object& status, const Screen& screen);
std::vector<Line> agent_lines(const boost::json::object& status, const Screen& screen);

}  // namespace paws::pawsctl
