// GitHub JSON: the few things that are read from answers of GitHub's REST API. What is missing or
// of another type is absent, never a default.

#pragma once

#include "core/result.h"
#include "core/time.h"

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include <boost/json.hpp>

namespace paws::collectors::github_json {

// Errc::malformed, in words that follow the subject ("is not JSON: ..."), for what is no object.
Result<boost::json::value> parse_object(std::string_view text);

// Null where `object` is none or has no such member.
const boost::json::value* find(const boost::json::value& object, std::string_view key);

// Null where there is no list of that name.
const boost::json::array* find_list(const boost::json::value& object, std::string_view key);

std::optional<std::uint64_t> number(const boost::json::value* value);
std::string_view text(const boost::json::value* value);  // empty: none

// Labels as runners ({"name": ...}) and jobs ("...") carry them: in lower case, as GitHub compares
// them, printable and bounded.
std::vector<std::string> labels_of(const boost::json::array* labels);

// "2026-01-02T03:04:05Z", the only form in which the API names a time.
std::optional<WallTime> time_of(std::string_view text);

}  // namespace paws::collectors::github_json
