// HTTP messages: what is asked of a server and what it answers, as plain values. Pure.

#pragma once

#include "core/result.h"
#include "core/time.h"

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace paws::platform {

struct HttpUrl {
    bool secure = true;
    std::string host;  // an IPv6 address without its brackets
    std::uint16_t port = 443;
    std::string target = "/";  // path and query

    bool operator==(const HttpUrl&) const = default;
};

// "http://" and "https://" with a host; no user, no fragment, nothing that could end a header line.
Result<HttpUrl> parse_http_url(std::string_view url);

// "host:port", an IPv6 address in brackets: for messages, for Host and for CONNECT.
std::string authority(const std::string& host, std::uint16_t port);

struct HttpHeader {
    std::string name;
    std::string value;
};

struct HttpRequest {
    std::string method = "GET";
    HttpUrl url;
    std::vector<HttpHeader> headers;  // Host, Connection and Content-Length come by themselves
    std::string body;
};

struct HttpAnswer {
    unsigned status = 0;
    std::vector<HttpHeader> headers;
    std::string body;

    // The first of that name, in any case.
    std::optional<std::string_view> header(std::string_view name) const;
};

// "Sun, 06 Nov 1994 08:49:37 GMT", the one form that servers still send (RFC 9110, 5.6.7).
std::optional<WallTime> parse_http_date(std::string_view text);

}  // namespace paws::platform
