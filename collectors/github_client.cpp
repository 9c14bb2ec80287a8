#include "collectors/github_client.h"

#include "collectors/github_list.h"
#include "core/text.h"
#include "platform/jwt.h"
#include "platform/secret_file.h"

#include <algorithm>
#include <utility>

namespace paws::collectors {

namespace {

using namespace std::chrono_literals;
using platform::HttpAnswer;
using platform::HttpRequest;
using std::chrono::seconds;

constexpr auto token_life = 50min;    // it lives for an hour
constexpr seconds longest_wait = 1h;  // the span of a rate limit
constexpr seconds usual_wait = 1min;  // of a secondary limit that names none
constexpr seconds patience = 10s;

std::optional<std::int64_t> number_of(const HttpAnswer& answer, std::string_view header) {
    const auto text = answer.header(header);
    return text ? parse_integer<std::int64_t>(trim(*text)) : std::nullopt;
}

bool is_used_up(const HttpAnswer& answer) {
    return number_of(answer, "x-ratelimit-remaining") == 0;
}

bool is_limited(const HttpAnswer& answer) {
    return answer.status == 429 ||
           (answer.status == 403 && (answer.header("retry-after") || is_used_up(answer)));
}

// By the server's own clock: ours may be wrong.
std::optional<seconds> until_reset(const HttpAnswer& answer) {
    const auto reset = number_of(answer, "x-ratelimit-reset");
    const auto date = platform::parse_http_date(answer.header("date").value_or(""));
    if (!reset || !date) {
        return std::nullopt;
    }
    return std::chrono::floor<seconds>(
        WallTime{seconds{std::clamp<std::int64_t>(*reset, 0, std::int64_t{1} << 33U)}} - *date);
}

std::optional<seconds> wanted_wait(const HttpAnswer& answer) {
    if (!is_limited(answer) && !is_used_up(answer)) {
        return std::nullopt;
    }
    auto wait = until_reset(answer).value_or(usual_wait);
    if (const auto told = number_of(answer, "retry-after")) {
        wait = seconds{std::clamp<std::int64_t>(*told, 0, longest_wait.count())};
    } else if (!is_used_up(answer)) {
        wait = usual_wait;
    }
    return std::clamp(wait, 1s, longest_wait);
}

// Stage and subject are in the text already; the code is what people branch on.
Error unreachable(const ReachFailure& failure) {
    return {Errc::unavailable, "GitHub's API: " + failure.what};
}

std::string advice(const HttpAnswer& answer) {
    if (is_limited(answer)) {
        return "; the rate limit is reached, it is left alone as long as it asks for";
    }
    switch (answer.status) {
        case 401:
            return "; the credential is wrong, expired or revoked";
        case 403:
            return "; the credential needs the right 'Administration: read' for a repository's "
                   "runners, 'Self-hosted runners: read' for an organisation's, 'Actions: read' "
                   "for "
                   "jobs";
        case 404:
            return "; it does not exist, or the credential may not see it";
        default:
            return answer.status / 100 == 3 ? "; was it moved or renamed?" : "";
    }
}

Error refusal(const HttpAnswer& answer) {
    const auto message = api_message(answer.body);
    const bool denied = answer.status == 401 || answer.status == 403;
    return {denied ? Errc::denied : Errc::unavailable,
            "GitHub's API answers " + std::to_string(answer.status) +
                (message.empty() ? "" : " '" + message + "'") + advice(answer)};
}

}  // namespace

GithubClient::GithubClient(const GithubSettings& settings, Exchange exchange, Clock clock)
    : settings_{settings},
      api_{platform::parse_http_url(settings.api_url)},
      options_{.proxy = settings.proxy, .ca_file = settings.ca_file, .patience = patience},
      exchange_{std::move(exchange)},
      clock_{std::move(clock)} {}

Result<GithubPage> GithubClient::get(const std::string& target,
                                     const std::string& etag,
                                     GithubLimits& said) {
    const auto held = token(said);
    if (!held) {
        return held.error();
    }
    HttpRequest request;
    request.url.target = target;
    if (!etag.empty()) {
        request.headers.push_back({"If-None-Match", etag});
    }
    const auto answer = ask(std::move(request), *held, said);
    if (!answer) {
        return answer.error();
    }
    const bool unchanged = answer->status == 304 && !etag.empty();
    if (answer->status != 200 && !unchanged) {
        return refusal(*answer);
    }
    const auto date = platform::parse_http_date(answer->header("date").value_or(""));
    return GithubPage{.unchanged = unchanged,
                      .body = unchanged ? std::string{} : answer->body,
                      .etag = std::string{answer->header("etag").value_or("")},
                      .date = date.value_or(clock_().wall)};
}

Result<std::string> GithubClient::token(GithubLimits& said) {
    if (!settings_.app_id.empty()) {
        return installation_token(said);
    }
    auto token = platform::read_secret(settings_.token_file);
    if (token && !is_token(*token)) {
        return Error{Errc::malformed, settings_.token_file + ": is not a token"};
    }
    return token;
}

Result<std::string> GithubClient::installation_token(GithubLimits& said) {
    const auto key = platform::read_secret(settings_.app_key_file);
    if (!key) {
        return key.error();
    }
    const auto now = clock_();
    if (installation_ && installation_->key == *key &&
        now.boot - installation_->taken < token_life) {
        return installation_->token;
    }
    // From a minute ago, as GitHub advises: clocks differ. It takes ten minutes at most.
    const auto begin = std::chrono::floor<seconds>(now.wall.time_since_epoch()) - 60s;
    const auto claims = R"({"iat":)" + std::to_string(begin.count()) + R"(,"exp":)" +
                        std::to_string((begin + 10min).count()) + R"(,"iss":")" + settings_.app_id +
                        R"("})";
    const auto jwt = platform::sign_jwt(claims, *key);
    if (!jwt) {
        return Error{jwt.error().code, settings_.app_key_file + ": " + jwt.error().what};
    }
    HttpRequest request;
    request.method = "POST";
    request.url.target = "/app/installations/" + settings_.installation_id + "/access_tokens";
    const auto answer = ask(std::move(request), *jwt, said);
    if (!answer) {
        return answer.error();
    }
    if (answer->status != 201) {
        auto refused = refusal(*answer);
        refused.what += " (asked for the App's token)";
        return refused;
    }
    auto token = parse_installation_token(answer->body);
    if (!token) {
        return Error{token.error().code, "GitHub's answer for the App " + token.error().what};
    }
    installation_ = InstallationToken{.token = *token, .key = *key, .taken = now.boot};
    return token;
}

// `request.url.target` is the path below the API's own.
Result<HttpAnswer> GithubClient::ask(HttpRequest request,
                                     const std::string& token,
                                     GithubLimits& said) {
    if (!api_) {
        return api_.error();
    }
    const std::string_view base = api_->target;
    const auto path =
        std::string{base.substr(0, base.ends_with('/') ? base.size() - 1 : base.size())} +
        request.url.target;
    request.url = *api_;
    request.url.target = path;
    request.headers.push_back({"Accept", "application/vnd.github+json"});
    request.headers.push_back({"Authorization", "Bearer " + token});
    request.headers.push_back({"User-Agent", "paws-runner-agent"});
    request.headers.push_back({"X-GitHub-Api-Version", "2022-11-28"});
    const auto result = exchange_(request, options_);
    if (!result) {
        return unreachable(result.failure());
    }
    if (const auto left = number_of(*result, "x-ratelimit-remaining"); left && *left >= 0) {
        said.requests_left = static_cast<std::uint64_t>(*left);
    }
    if (const auto wait = wanted_wait(*result)) {
        said.wait = std::max(said.wait.value_or(0s), *wait);
    }
    if (result->status == 401) {
        installation_.reset();
    }
    return *result;
}

}  // namespace paws::collectors
