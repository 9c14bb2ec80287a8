// Control message: one line of JSON asked, one line answered. Pure.

#pragma once

#include "core/result.h"

#include <string>
#include <string_view>

#include <boost/json/object.hpp>

namespace paws::agent {

struct Request {
    std::string verb;
    boost::json::object arguments;
};

inline constexpr std::size_t request_limit = 64U << 10U;
inline constexpr int control_version = 1;

// `{"version":1,"verb":"status","arguments":{}}`; the error is for whoever asked.
Result<Request> parse_request(std::string_view line);

// conflict: what was asked would do harm now; the message says why.
enum class Refusal { denied, usage, not_found, unavailable, conflict };

// Both end with a newline.
std::string answer(const boost::json::object& result);
std::string refusal(Refusal code, std::string_view message);

}  // namespace paws::agent
