// The table of runners on a status screen: one line each, and why for those that are not well.

#pragma once

#include "pawsctl/screen.h"

#include <vector>

#include <boost/json/object.hpp>

namespace paws::pawsctl {

// What needs the reader stands first. `status` gives the time that ages count to.
std::vector<Line> runner_table(const boost::json::object& status,
                               std::vector<const boost::json::object*> runners,
                               const Screen& screen);

}  // namespace paws::pawsctl
