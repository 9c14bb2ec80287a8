// GitHub client: asks GitHub's REST API, as a token's owner or as the installation of an App.
// Blocks; a collector keeps it on a thread of its own. Credentials are read from their files for
// each question, so that a change needs no reload.

#pragma once

#include "core/result.h"
#include "core/time.h"
#include "platform/http_client.h"

#include <chrono>
#include <cstdint>
#include <functional>
#include <optional>
#include <string>

namespace paws::collectors {

// How to ask. Without a credential nothing is asked.
struct GithubSettings {
    std::string api_url = "https://api.github.com";
    std::string token_file;
    std::string app_id;  // with app_key_file and installation_id
    std::string app_key_file;
    std::string installation_id;
    std::string ca_file;  // empty: the system's authorities
    std::string proxy;    // "host:port"; empty: none
    std::chrono::nanoseconds interval = std::chrono::minutes{1};
    bool jobs = false;  // ask for jobs that wait, too: takes the right 'Actions: read'

    bool enabled() const { return !token_file.empty() || !app_id.empty(); }
    bool operator==(const GithubSettings&) const = default;
};

// What GitHub said of its rate limit, over one or more answers.
struct GithubLimits {
    std::optional<std::chrono::seconds> wait;    // it wants to be left alone for so long
    std::optional<std::uint64_t> requests_left;  // of the credential's
};

struct GithubPage {
    bool unchanged = false;  // what the ETag stands for; the body is empty then
    std::string body;
    std::string etag;
    WallTime date;  // by GitHub's clock, or ours where it names none
};

class GithubClient {
public:
    using Exchange = std::function<platform::HttpResult(const platform::HttpRequest&,
                                                        const platform::HttpOptions&)>;
    using Clock = std::function<Now()>;

    GithubClient(const GithubSettings& settings, Exchange exchange, Clock clock);

    // `target`: below the API's own path. `etag`: of what the caller has; empty: of nothing.
    // The error's text says what to do about it.
    Result<GithubPage> get(const std::string& target, const std::string& etag, GithubLimits& said);
    Now now() const { return clock_(); }

private:
    struct InstallationToken {
        std::string token;
        std::string key;  // that it was had with
        BootTime taken;
    };

    Result<std::string> token(GithubLimits& said);
    Result<std::string> installation_token(GithubLimits& said);
    Result<platform::HttpAnswer> ask(platform::HttpRequest request,
                                     const std::string& token,
                                     GithubLimits& said);

    GithubSettings settings_;
    Result<platform::HttpUrl> api_;
    platform::HttpOptions options_;
    Exchange exchange_;
    Clock clock_;
    std::optional<InstallationToken> installation_;
};

}  // namespace paws::collectors
