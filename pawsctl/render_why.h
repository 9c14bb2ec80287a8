// The screen about one job: how it ended, whose fault that was, what this host saw of it, and where
// to read on. Pure.

#pragma once

#include "pawsctl/screen.h"

#include <string>
#include <vector>

#include <boost/json/object.hpp>

namespace paws::pawsctl {

// `job` is one of those of `document`, as the verb `jobs` tells it.
std::vector<std::string> render_why(const boost::json::object& job,
                                    const boost::json::object& document,
                                    const Screen& screen);

}  // namespace paws::pawsctl
