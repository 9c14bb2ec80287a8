// JSON text: showing the agent's JSON without reading its numbers and writing them anew.

#pragma once

#include <string>
#include <string_view>

namespace paws::pawsctl {

// The text of the value of `key` in a valid JSON object; empty when it is not there.
std::string_view member_text(std::string_view valid_object, std::string_view key);

// Valid JSON over several lines for people. Characters that a terminal would obey are written as
// \u escapes, so it stays the same JSON.
std::string pretty(std::string_view valid);

}  // namespace paws::pawsctl
