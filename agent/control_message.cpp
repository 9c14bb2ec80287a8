#include "agent/control_message.h"

#include "core/text.h"

#include <boost/json/parse.hpp>
#include <boost/json/serialize.hpp>

namespace paws::agent {

namespace {

namespace json = boost::json;

std::string_view to_string(Refusal code) {
    switch (code) {
        case Refusal::denied:
            return "denied";
        case Refusal::usage:
            return "usage";
        case Refusal::not_found:
            return "not_found";
        case Refusal::unavailable:
            return "unavailable";
        case Refusal::conflict:
            return "conflict";
    }
    return "unavailable";
}

Error malformed(std::string what) {
    return {Errc::malformed, std::move(what)};
}

}  // namespace

Result<Request> parse_request(std::string_view line) {
    if (line.size() > request_limit) {
        return malformed("a request has at most 65536 bytes");
    }
    json::error_code failed;
    json::parse_options options;
    options.max_depth = 8;
    auto value = json::parse(line, failed, {}, options);
    const auto* object = failed ? nullptr : value.if_object();
    if (object == nullptr) {
        return malformed(R"(a request is one line: {"version":1,"verb":"status","arguments":{}})");
    }
    const auto* version = object->if_contains("version");
    if (version == nullptr || version->if_int64() == nullptr ||
        *version->if_int64() != control_version) {
        return malformed("this agent speaks version 1 only; use the pawsctl of its package");
    }
    const auto* verb = object->if_contains("verb");
    if (verb == nullptr || verb->if_string() == nullptr) {
        return malformed("the request names no verb");
    }
    Request request;
    request.verb = std::string{*verb->if_string()};
    if (const auto* arguments = object->if_contains("arguments")) {
        if (arguments->if_object() == nullptr) {
            return malformed("'arguments' must be an object");
        }
        request.arguments = *arguments->if_object();
    }
    return request;
}

std::string answer(const json::object& result) {
    json::object whole{{"version", control_version}, {"ok", true}};
    whole["result"] = result;
    return json::serialize(whole) + "\n";
}

std::string refusal(Refusal code, std::string_view message) {
    const json::object whole{{"version", control_version},
                             {"ok", false},
                             {"code", to_string(code)},
                             {"message", printable(message, 1024)}};
    return json::serialize(whole) + "\n";
}

}  // namespace paws::agent
