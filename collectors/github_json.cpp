#include "collectors/github_json.h"

#include "core/text.h"
#include "core/utc.h"

namespace paws::collectors::github_json {

namespace json = boost::json;

namespace {

constexpr std::size_t depth_limit = 16;   // the API's answers are four deep
constexpr std::size_t label_limit = 100;  // of a runner (GitHub: generate-jitconfig)

}  // namespace

Result<json::value> parse_object(std::string_view text) {
    json::parse_options options;
    options.max_depth = depth_limit;
    boost::system::error_code problem;
    auto parsed = json::parse({text.data(), text.size()}, problem, {}, options);
    if (problem) {
        return Error{Errc::malformed, "is not JSON: " + problem.message()};
    }
    if (!parsed.is_object()) {
        return Error{Errc::malformed, "is not a JSON object"};
    }
    return parsed;
}

const json::value* find(const json::value& object, std::string_view key) {
    const auto* members = object.if_object();
    return members == nullptr ? nullptr : members->if_contains({key.data(), key.size()});
}

std::optional<std::uint64_t> number(const json::value* value) {
    if (value == nullptr || !value->is_number() || value->is_double()) {
        return std::nullopt;
    }
    boost::system::error_code problem;
    const auto number = value->to_number<std::uint64_t>(problem);
    return problem ? std::nullopt : std::optional{number};
}

std::string_view text(const json::value* value) {
    const auto* string = value == nullptr ? nullptr : value->if_string();
    return string == nullptr ? std::string_view{}
                             : std::string_view{string->data(), string->size()};
}

const json::array* find_list(const json::value& object, std::string_view key) {
    const auto* value = find(object, key);
    return value == nullptr ? nullptr : value->if_array();
}

std::vector<std::string> labels_of(const json::array* labels) {
    std::vector<std::string> names;
    if (labels == nullptr) {
        return names;
    }
    for (const auto& label : *labels) {
        if (names.size() >= label_limit) {
            break;
        }
        const auto name = text(label.is_string() ? &label : find(label, "name"));
        names.push_back(lower_case(printable(name)));
    }
    return names;
}

std::optional<WallTime> time_of(std::string_view text) {
    return parse_utc(text, "YYYY-MM-DDThh:mm:ssZ");
}

}  // namespace paws::collectors::github_json
