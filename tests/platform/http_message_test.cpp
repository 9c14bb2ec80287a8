#include "platform/http_message.h"

#include <doctest/doctest.h>

using namespace paws;
using namespace paws::platform;
using namespace std::chrono_literals;

TEST_CASE("parse_http_url: scheme, host, port and what to ask for") {
    const auto is = [](std::string_view url, const HttpUrl& expected) {
        const auto parsed = parse_http_url(url);
        return parsed && *parsed == expected;
    };
    CHECK(is("https://api.github.com",
             {.secure = true, .host = "api.github.com", .port = 443, .target = "/"}));
    CHECK(is("http://a:8080/b/c?d=e",
             {.secure = false, .host = "a", .port = 8080, .target = "/b/c?d=e"}));
    CHECK(
        is("https://[::1]:8443/x", {.secure = true, .host = "::1", .port = 8443, .target = "/x"}));
    CHECK(is("https://[::1]", {.secure = true, .host = "::1", .port = 443, .target = "/"}));
    CHECK(is("https://a?b", {.secure = true, .host = "a", .port = 443, .target = "/?b"}));
}

TEST_CASE("parse_http_url: what could mean another server or end a header line is refused") {
    for (const auto* url : {"",
                            "a",
                            "ftp://a",
                            "HTTPS://a",
                            "https://",
                            "https:///a",
                            "https://a:0",
                            "https://a:65536",
                            "https://a:b",
                            "https://[::1",
                            "https://[::1]x",
                            "https://user@a",
                            "https://user:secret@a",
                            "https://a/b#c",
                            "https://a/b c",
                            "https://a/\r\nX: y",
                            "https://\xC3\xA4/"}) {
        CHECK_FALSE_MESSAGE(parse_http_url(url), url);
    }
}

TEST_CASE("authority: an IPv6 address stands in brackets") {
    CHECK(authority("a", 1) == "a:1");
    CHECK(authority("::1", 443) == "[::1]:443");
}

TEST_CASE("HttpAnswer: a header is found in any case, the first of two") {
    const HttpAnswer answer{
        .status = 200, .headers = {{"ETag", "one"}, {"etag", "two"}}, .body = {}};
    CHECK(answer.header("eTaG") == "one");
    CHECK_FALSE(answer.header("date"));
}

TEST_CASE("parse_http_date: the one form that is sent") {
    CHECK(parse_http_date("Sun, 06 Nov 1994 08:49:37 GMT") == WallTime{784111777s});
    CHECK(parse_http_date("Thu, 29 Feb 2024 23:59:59 GMT") == WallTime{1709251199s});
    for (const auto* text : {"",
                             "Sunday, 06-Nov-94 08:49:37 GMT",
                             "Sun, 06 Nov 1994 08:49:37 UTC",
                             "Sun, 06 Nov 1994 24:49:37 GMT",
                             "Sun, 31 Feb 1994 08:49:37 GMT",
                             "Sun, -6 Nov 1994 08:49:37 GMT",
                             "Sun, 06 Nov 1994 08:49:37 GMT "}) {
        CHECK_FALSE_MESSAGE(parse_http_date(text), text);
    }
}
