// A status screen: the agent's JSON as lines of text. Pure: ages count to the document's own time.

#pragma once

#include "pawsctl/screen.h"

#include <string>
#include <vector>

#include <boost/json/object.hpp>

namespace paws::pawsctl {

// `runners` are those to show, of `status`; the summary line speaks of these alone.
std::vector<std::string> render_status(const boost::json::object& status,
                                       const std::vector<const boost::json::object*>& runners,
                                       const Screen& screen);
std::vector<std::string> render_status(const boost::json::object& status, const Screen& screen);

}  // namespace paws::pawsctl
