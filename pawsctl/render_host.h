// The lines of a status screen about the host.

#pragma once

#include "pawsctl/screen.h"

#include <string_view>
#include <vector>

#include <boost/json/object.hpp>

namespace paws::pawsctl {

// Where the text begins after a line's name.
inline constexpr std::size_t label_columns = 9;
// Of what failed: what mends it stands at its end.
inline constexpr std::size_t longest_error = 12;

Line labelled(std::string_view label);
std::vector<Line> host_lines(const boost::json::object& status, const Screen& screen);

}  // namespace paws::pawsctl
