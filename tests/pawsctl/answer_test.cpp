#include "pawsctl/answer.h"

#include <string>

#include <boost/json/value.hpp>
#include <doctest/doctest.h>

using namespace paws;
using namespace paws::pawsctl;

TEST_CASE("parse_answer: keeps the result as the agent wrote it") {
    const auto answer = parse_answer(
        R"({"version":1,"ok":true,"result":{"version":1,"load":0.1,"big":18446744073709551615}})");
    REQUIRE(answer);
    CHECK(answer->ok);
    CHECK(answer->result.at("load").as_double() == doctest::Approx(0.1));
    CHECK(answer->result_text == R"({"version":1,"load":0.1,"big":18446744073709551615})");
}

TEST_CASE("parse_answer: a refusal has a code and a message that is safe to show") {
    const auto answer = parse_answer(
        R"({"version":1,"ok":false,"code":"denied","message":"join \u001b[1mpaws-agent"})");
    REQUIRE(answer);
    CHECK_FALSE(answer->ok);
    CHECK(answer->code == "denied");
    CHECK(answer->message == "join \uFFFD[1mpaws-agent");
}

TEST_CASE("parse_answer: another version is told apart from no answer at all") {
    for (const auto* other : {R"({"version":2,"ok":true,"result":{"a":1}})",
                              R"({"version":1e300,"ok":true,"result":{"a":1}})",
                              R"({"version":1,"ok":true,"result":{"version":2}})"}) {
        CAPTURE(other);
        const auto answer = parse_answer(other);
        REQUIRE_FALSE(answer);
        CHECK(answer.error().code == Errc::unavailable);
        CHECK(answer.error().what.find("use the pawsctl that was installed with that agent") !=
              std::string::npos);
    }
}

TEST_CASE("parse_answer: what is no answer is malformed") {
    for (const std::string wrong : {"",
                                    " ",
                                    "{}",
                                    "[]",
                                    "null",
                                    "HTTP/1.1 400 Bad Request",
                                    R"({"version":"1","ok":true,"result":{"a":1}})",
                                    R"({"version":1})",
                                    R"({"version":1,"ok":true})",
                                    R"({"version":1,"ok":true,"result":[]})",
                                    R"({"version":1,"ok":"yes","result":{"a":1}})",
                                    R"({"version":1,"ok":false})",
                                    R"({"version":1,"ok":true,"result":{"a":1})",
                                    "{\"version\":1,\"ok\":true,\"result\":{\"a\":\"\xFF\"}}"}) {
        CAPTURE(wrong);
        const auto answer = parse_answer(wrong);
        REQUIRE_FALSE(answer);
        CHECK(answer.error().code == Errc::malformed);
    }
    CHECK_FALSE(parse_answer(std::string(1'000'000, '[')));
    CHECK_FALSE(parse_answer(std::string(1'000'000, 'x')));
}

TEST_CASE("request_line: is one line, whatever the arguments hold") {
    CHECK(request_line("status", {}) == R"({"version":1,"verb":"status","arguments":{}})");
    CHECK(request_line("runner", {{"name", "a\nb\"c"}}) ==
          R"({"version":1,"verb":"runner","arguments":{"name":"a\nb\"c"}})");
}

TEST_CASE(
    "parse_answer: what is shown as JSON and what is drawn are the same, also of two results") {
    const auto answer =
        parse_answer(R"({"version":1,"ok":true,"result":{"a":1},"re\u0073ult":{"b":2}})");
    REQUIRE(answer);
    CHECK(answer->result == boost::json::object{{"a", 1}});
    CHECK(answer->result_text == R"({"a":1})");
}
