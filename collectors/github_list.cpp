#include "collectors/github_list.h"

#include "core/text.h"
#include "platform/http_message.h"

#include <algorithm>

#include <boost/json.hpp>

namespace paws::collectors {

namespace {

namespace json = boost::json;

// Labels and groups lie three deep; what is much deeper was made to hurt.
constexpr std::size_t depth_limit = 16;

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

std::optional<ApiRunner> describe(const json::value& runner) {
    const auto status = text(find(runner, "status"));
    const auto* busy = find(runner, "busy");
    const auto* flag = busy == nullptr ? nullptr : busy->if_bool();
    if (flag == nullptr || (status != "online" && status != "offline")) {
        return std::nullopt;
    }
    return ApiRunner{
        .registration = status == "online" ? Registration::online : Registration::offline,
        .busy = *flag};
}

bool is_name(std::string_view word) {
    const auto plain = [](char letter) {
        return (letter >= '0' && letter <= '9') || (letter >= 'a' && letter <= 'z') ||
               (letter >= 'A' && letter <= 'Z') || letter == '.' || letter == '-' || letter == '_';
    };
    return !word.empty() && word.size() <= 100 && word != "." && word != ".." &&
           std::ranges::all_of(word, plain);
}

std::string lower(std::string_view name) {
    std::string lowered{name};
    std::ranges::transform(lowered, lowered.begin(), [](char letter) {
        return letter >= 'A' && letter <= 'Z' ? static_cast<char>(letter - 'A' + 'a') : letter;
    });
    return lowered;
}

}  // namespace

Result<RunnersPage> parse_runners_page(std::string_view json) {
    const auto parsed = parse_object(json);
    if (!parsed) {
        return parsed.error();
    }
    const auto total = number(find(*parsed, "total_count"));
    const auto* listed = find(*parsed, "runners");
    const auto* runners = listed == nullptr ? nullptr : listed->if_array();
    if (!total || runners == nullptr) {
        return Error{Errc::malformed, "is not a list of runners"};
    }
    RunnersPage page{.total = *total, .runners = {}};
    for (const auto& runner : *runners) {
        const auto id = number(find(runner, "id"));
        if (!id) {
            return Error{Errc::malformed, "lists a runner without an id"};
        }
        page.runners.insert_or_assign(*id, describe(runner));
    }
    return page;
}

std::optional<std::string> scope_of(std::string_view github_url, std::string_view api_host) {
    const auto url = platform::parse_http_url(github_url);
    if (!url) {
        return std::nullopt;
    }
    const auto host = lower(url->host);
    const auto api = lower(api_host);
    std::string_view path = url->target;
    path.remove_prefix(1);
    if (path.ends_with('/')) {
        path.remove_suffix(1);
    }
    const auto owner = take_until(path, '/');
    if ((api != host && api != "api." + host) || !is_name(owner)) {
        return std::nullopt;
    }
    if (path.empty()) {
        return "/orgs/" + std::string{owner};
    }
    if (!is_name(path)) {
        return std::nullopt;
    }
    return (owner == "enterprises" ? "/enterprises/" : "/repos/" + std::string{owner} + "/") +
           std::string{path};
}

std::string api_message(std::string_view json) {
    constexpr std::size_t message_limit = 200;
    const auto parsed = parse_object(json);
    return parsed ? printable(text(find(*parsed, "message")), message_limit) : "";
}

bool is_token(std::string_view text) {
    constexpr std::size_t token_limit = 4096;
    return !text.empty() && text.size() <= token_limit &&
           std::ranges::all_of(text, [](char c) { return c > 0x20 && c < 0x7F; });
}

Result<std::string> parse_installation_token(std::string_view json) {
    const auto parsed = parse_object(json);
    const auto token = parsed ? text(find(*parsed, "token")) : std::string_view{};
    return is_token(token) ? Result{std::string{token}}
                           : Result<std::string>{Error{Errc::malformed, "holds no token"}};
}

}  // namespace paws::collectors
