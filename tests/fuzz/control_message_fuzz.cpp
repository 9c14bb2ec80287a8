#include "agent/control_message.h"
#include "agent/role.h"
#include "tests/fuzz/fuzz.h"

#include <boost/json/parse.hpp>

using namespace paws;
using namespace paws::agent;

bool paws::fuzz::accepts(std::string_view input) {
    const auto request = parse_request(input);
    const auto text = request ? answer({{"verb", request->verb}, {"given", request->arguments}})
                              : refusal(Refusal::usage, request.error().what);
    require(text.find('\n') == text.size() - 1);  // one line, whatever was asked
    require(boost::json::parse(text).is_object());
    return request.has_value() && permission_for(request->verb) != nullptr;
}
