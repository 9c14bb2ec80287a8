#include "agent/control_message.h"

#include <boost/json/parse.hpp>
#include <doctest/doctest.h>

using namespace paws;
using namespace paws::agent;

TEST_CASE("parse_request: takes verb and arguments") {
    const auto plain = parse_request(R"({"version":1,"verb":"status"})");
    REQUIRE(plain);
    CHECK(plain->verb == "status");
    CHECK(plain->arguments.empty());
    const auto named = parse_request(
        R"({"version":1,"verb":"runner","arguments":{"name":"acme.one"},"later":[1,2]})");
    REQUIRE(named);
    CHECK(named->arguments.at("name").as_string() == "acme.one");
}

TEST_CASE("parse_request: a verb is its whole text, also behind a zero byte") {
    const auto request = parse_request(R"({"version":1,"verb":"status\u0000x"})");
    REQUIRE(request);
    CHECK(request->verb == std::string{"status\0x", 8});
}

TEST_CASE("parse_request: refuses what is no request") {
    for (const auto* line : {"",
                             " ",
                             "status",
                             "{",
                             "[]",
                             "null",
                             "{}",
                             R"({"version":2,"verb":"status"})",
                             R"({"version":"1","verb":"status"})",
                             R"({"version":1})",
                             R"({"version":1,"verb":7})",
                             R"({"version":1,"verb":"status","arguments":[]})",
                             "{\"version\":1,\"verb\":\"\xff\xfe\"}"}) {
        CHECK_FALSE(parse_request(line));
    }
    CHECK_FALSE(parse_request(std::string(request_limit + 1, ' ')));
    CHECK_FALSE(parse_request(std::string(request_limit, '[')));
    CHECK(parse_request(R"({"version":2,"verb":"status"})").error().what ==
          "this agent speaks version 1 only; use the pawsctl of its package");
}

TEST_CASE("answer and refusal: one line each, whatever is in them") {
    CHECK(answer({{"a", "b\nc"}}) == "{\"version\":1,\"ok\":true,\"result\":{\"a\":\"b\\nc\"}}\n");
    CHECK(refusal(Refusal::denied, "no\n\xff") ==
          "{\"version\":1,\"ok\":false,\"code\":\"denied\",\"message\":\"no\uFFFD\uFFFD\"}\n");
    CHECK(refusal(Refusal::not_found, "").find("not_found") != std::string::npos);
    CHECK(refusal(Refusal::usage, "").find("usage") != std::string::npos);
    CHECK(refusal(Refusal::unavailable, "").find("unavailable") != std::string::npos);
}
