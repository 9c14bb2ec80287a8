// Golden screens: recorded answers of the agent, and what they look like.

#pragma once

#include <string>
#include <vector>

#include <boost/json/object.hpp>

namespace paws::tests {

boost::json::object recorded_answer(const std::string& name);

// Compares with the file; UPDATE_GOLDEN=1 in the environment writes it anew.
void check_screen(const std::string& name, const std::vector<std::string>& lines);

}  // namespace paws::tests
