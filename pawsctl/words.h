// Words that several screens share: health in colour, problems, lists.

#pragma once

#include "pawsctl/screen.h"
#include "pawsctl/verdict.h"

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include <boost/json/object.hpp>

namespace paws::pawsctl {

Style style_of(Verdict verdict);
Style style_of_state(std::string_view state);
// One column; the shape tells without colour, the words beside it without either.
std::string_view sign(Verdict verdict, const Screen& screen);

std::string joined(const std::vector<std::string>& parts, std::string_view between);
// "3 runners", "1 runner".
std::string counted(std::size_t count, std::string_view one, std::string_view many);
// "crash loop, disk"; empty when there are none.
std::string problems_of(const boost::json::object& subject);
bool has_problem(const boost::json::object& subject, std::string_view problem);
// "synchronised", "not synchronised, 3 min behind GitHub's", "not known".
std::string clock_words(const boost::json::object& clock);
// "acme/widgets run 123", "acme/widgets run 123, attempt 2"; empty when it is not known whose it
// is.
std::string identity_of(const boost::json::object& job);
// Seconds from `key` of `subject` to the moment of the document.
std::optional<double> age_of(const boost::json::object& subject,
                             std::string_view key,
                             const boost::json::object& document);

}  // namespace paws::pawsctl
