// Answer: what the agent says on its control socket, as read from its line.

#pragma once

#include "core/result.h"

#include <string>
#include <string_view>

#include <boost/json/object.hpp>

namespace paws::pawsctl {

inline constexpr int answer_version = 1;

struct Answer {
    bool ok = false;
    std::string code;     // denied, usage, not_found, unavailable, conflict; empty when ok
    std::string message;  // for people; empty when ok
    boost::json::object result;
    std::string result_text;  // as the agent wrote it
};

// Errc::malformed: no answer of an agent; unavailable: of an agent of another version.
Result<Answer> parse_answer(std::string_view line);

std::string request_line(std::string_view verb, const boost::json::object& arguments);

}  // namespace paws::pawsctl
