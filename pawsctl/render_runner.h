// The screens about single runners: a table of names, and all that matters of one. Pure.

#pragma once

#include "pawsctl/screen.h"

#include <string>
#include <vector>

#include <boost/json/object.hpp>

namespace paws::pawsctl {

// Of a status document.
std::vector<std::string> render_runner_list(const boost::json::object& status,
                                            const Screen& screen);
// Of the document about one runner.
std::vector<std::string> render_runner(const boost::json::object& runner, const Screen& screen);

}  // namespace paws::pawsctl
