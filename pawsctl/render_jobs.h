// The screen about jobs: those that run, then those that ended, newest first. Pure.

#pragma once

#include "pawsctl/screen.h"

#include <string>
#include <vector>

#include <boost/json/object.hpp>

namespace paws::pawsctl {

std::vector<std::string> render_jobs(const boost::json::object& document, const Screen& screen);

}  // namespace paws::pawsctl
