// LokiClient: Loki over HTTP, on one kept connection. Secrets are read from their files at each
// push, so that a rotated one serves at once.

#pragma once

#include "forwarder/loki.h"
#include "platform/http_connection.h"

#include <chrono>
#include <string>

namespace paws::forwarder {

struct LokiOptions {
    std::string url;  // its base, or the whole URL of its push API
    std::string tenant;
    std::string user;
    std::string password_file;
    std::string token_file;  // bearer
    std::string ca_file;
    std::string cert_file;
    std::string key_file;
    std::string proxy;  // "host:port"
    std::chrono::milliseconds timeout{10'000};
    std::string agent;  // User-Agent

    bool operator==(const LokiOptions&) const = default;
};

// The path of the push API is taken off, where there is one.
Result<platform::HttpUrl> loki_base(const std::string& url);

class LokiClient final : public Loki {
public:
    LokiClient(boost::asio::io_context& loop, LokiOptions options, platform::HttpUrl base);

    boost::asio::awaitable<Asked> push(std::string body) override;
    boost::asio::awaitable<Asked> get(std::string path) override;

private:
    Result<platform::HttpRequest> request(const char* method, const std::string& path) const;
    boost::asio::awaitable<Asked> ask(Result<platform::HttpRequest> request);

    LokiOptions options_;
    platform::HttpUrl base_;
    platform::HttpConnection connection_;
};

}  // namespace paws::forwarder
