// GitHub client: asks GitHub's REST API for the whole list of runners of one scope, as a token's
// owner or as the installation of an App. Blocks; the collector keeps it on a thread of its own.
// Credentials are read from their files for each list, so that a change needs no reload.

#pragma once

#include "collectors/github_list.h"
#include "core/result.h"
#include "core/time.h"
#include "platform/http_client.h"

#include <chrono>
#include <cstdint>
#include <functional>
#include <map>
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

    bool enabled() const { return !token_file.empty() || !app_id.empty(); }
    bool operator==(const GithubSettings&) const = default;
};

// The whole list of a scope, as GitHub gave it at `answered`.
struct Listing {
    ListedRunners runners;
    Now answered;
};

struct ListAnswer {
    Result<Listing> list;
    std::optional<std::chrono::seconds> wait;    // GitHub wants to be left alone for so long
    std::optional<std::uint64_t> requests_left;  // of the rate limit
};

class GithubClient {
public:
    using Exchange = std::function<platform::HttpResult(const platform::HttpRequest&,
                                                        const platform::HttpOptions&)>;
    using Clock = std::function<Now()>;

    GithubClient(const GithubSettings& settings, Exchange exchange, Clock clock);

    // Never a part of the list: a page that fails or does not fit the others fails it all.
    ListAnswer list(const std::string& scope);

private:
    struct KnownPage {
        std::string etag;
        RunnersPage page;
    };
    struct InstallationToken {
        std::string token;
        std::string key;  // that it was had with
        BootTime taken;
    };

    Result<Listing> read_pages(const std::string& scope, ListAnswer& said);
    Result<RunnersPage> read_page(const std::string& target,
                                  const std::string& token,
                                  ListAnswer& said);
    Result<std::string> token(ListAnswer& said);
    Result<std::string> installation_token(ListAnswer& said);
    Result<platform::HttpAnswer> ask(platform::HttpRequest request,
                                     const std::string& token,
                                     ListAnswer& said);

    GithubSettings settings_;
    Result<platform::HttpUrl> api_;
    platform::HttpOptions options_;
    Exchange exchange_;
    Clock clock_;
    std::map<std::string, KnownPage> pages_;  // by target
    std::optional<InstallationToken> installation_;
};

}  // namespace paws::collectors
