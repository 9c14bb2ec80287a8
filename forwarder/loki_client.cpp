#include "forwarder/loki_client.h"

#include "platform/base64.h"
#include "platform/secret_file.h"

#include <string_view>
#include <utility>

#include <boost/asio/use_awaitable.hpp>

namespace paws::forwarder {

namespace {

constexpr std::string_view push_path = "/loki/api/v1/push";

platform::HttpOptions http_options(const LokiOptions& options) {
    return {.proxy = options.proxy,
            .ca_file = options.ca_file,
            .cert_file = options.cert_file,
            .key_file = options.key_file,
            .patience = options.timeout,
            .body_limit = 1U << 20U};
}

// The value of Authorization; empty where none is wanted.
Result<std::string> authorization(const LokiOptions& options) {
    if (!options.token_file.empty()) {
        auto token = platform::read_secret(options.token_file);
        return token ? Result{"Bearer " + *token} : token;
    }
    if (options.user.empty()) {
        return std::string{};
    }
    auto password = options.password_file.empty() ? Result<std::string>{std::string{}}
                                                  : platform::read_secret(options.password_file);
    return password ? Result{"Basic " + platform::base64(options.user + ":" + *password)}
                    : password;
}

}  // namespace

Result<platform::HttpUrl> loki_base(const std::string& url) {
    auto parsed = platform::parse_http_url(url);
    if (!parsed) {
        return parsed;
    }
    auto& target = parsed->target;
    if (target.find('?') != std::string::npos) {
        return Error{Errc::malformed, "'" + url + "' has a query"};
    }
    if (target.ends_with(push_path)) {
        target.resize(target.size() - push_path.size());
    }
    while (target.ends_with('/')) {
        target.pop_back();
    }
    return parsed;
}

LokiClient::LokiClient(boost::asio::io_context& loop, LokiOptions options, platform::HttpUrl base)
    : options_{std::move(options)},
      base_{std::move(base)},
      connection_{loop, base_, http_options(options_)} {}

Result<platform::HttpRequest> LokiClient::request(const char* method,
                                                  const std::string& path) const {
    platform::HttpRequest request{.method = method, .url = base_, .headers = {}, .body = {}};
    request.url.target += path;
    request.headers.push_back({"User-Agent", options_.agent});
    if (!options_.tenant.empty()) {
        request.headers.push_back({"X-Scope-OrgID", options_.tenant});
    }
    auto who = authorization(options_);
    if (!who) {
        return who.error();
    }
    if (!who->empty()) {
        request.headers.push_back({"Authorization", std::move(*who)});
    }
    return request;
}

boost::asio::awaitable<Asked> LokiClient::ask(Result<platform::HttpRequest> request) {
    if (!request) {
        co_return request.error();
    }
    auto answer = co_await connection_.exchange(std::move(*request));
    co_return answer;
}

boost::asio::awaitable<Asked> LokiClient::push(std::string body) {
    auto asked = request("POST", std::string{push_path});
    if (asked) {
        asked->headers.push_back({"Content-Type", "application/x-protobuf"});
        asked->body = std::move(body);
    }
    auto answer = co_await ask(std::move(asked));
    co_return answer;
}

boost::asio::awaitable<Asked> LokiClient::get(std::string path) {
    auto answer = co_await ask(request("GET", path));
    co_return answer;
}

}  // namespace paws::forwarder
