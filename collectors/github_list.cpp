#include "collectors/github_list.h"

#include "collectors/github_json.h"
#include "core/text.h"
#include "platform/http_message.h"

#include <algorithm>

namespace paws::collectors {

namespace {

namespace json = boost::json;
using github_json::find;
using github_json::find_list;
using github_json::labels_of;
using github_json::number;
using github_json::parse_object;
using github_json::text;

std::optional<ApiRunner> describe(const json::value& runner) {
    const auto status = text(find(runner, "status"));
    const auto* busy = find(runner, "busy");
    const auto* flag = busy == nullptr ? nullptr : busy->if_bool();
    if (flag == nullptr || (status != "online" && status != "offline")) {
        return std::nullopt;
    }
    return ApiRunner{
        .registration = status == "online" ? Registration::online : Registration::offline,
        .busy = *flag,
        .labels = labels_of(find_list(runner, "labels"))};
}

bool is_name(std::string_view word) {
    const auto plain = [](char letter) {
        return (letter >= '0' && letter <= '9') || (letter >= 'a' && letter <= 'z') ||
               (letter >= 'A' && letter <= 'Z') || letter == '.' || letter == '-' || letter == '_';
    };
    return !word.empty() && word.size() <= 100 && word != "." && word != ".." &&
           std::ranges::all_of(word, plain);
}

}  // namespace

Result<RunnersPage> parse_runners_page(std::string_view json) {
    const auto parsed = parse_object(json);
    if (!parsed) {
        return parsed.error();
    }
    const auto total = number(find(*parsed, "total_count"));
    const auto* runners = find_list(*parsed, "runners");
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
    const auto host = lower_case(url->host);
    const auto api = lower_case(api_host);
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

std::optional<std::string> scope_of(const Runner& runner, std::string_view api_host) {
    const auto* files = runner.files.value ? &*runner.files.value : nullptr;
    const bool known = files != nullptr && files->settings && files->settings->agent_id;
    return known ? scope_of(files->settings->github_url, api_host) : std::nullopt;
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
