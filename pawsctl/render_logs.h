// Log screens: the agent's answers about log shipping as lines of text. Pure: ages count to the
// document's own time.

#pragma once

#include "pawsctl/screen.h"

#include <string>
#include <vector>

#include <boost/json/object.hpp>

namespace paws::pawsctl {

std::vector<std::string> render_logs(const boost::json::object& logs, const Screen& screen);

// How a trial went, step by step.
std::vector<std::string> render_trial(const boost::json::object& trial, const Screen& screen);

}  // namespace paws::pawsctl
