#include "pawsctl/json_text.h"

#include <string>

#include <boost/json/parse.hpp>
#include <boost/json/value.hpp>
#include <doctest/doctest.h>

using namespace paws::pawsctl;

TEST_CASE("member_text: is the value's own text, found at the top only") {
    const std::string_view all =
        R"({ "x" : {"result":1} , "t":"\"result\":2,}", "result" : [1.50, {"a":"}"}], "n":null})";
    CHECK(member_text(all, "result") == R"([1.50, {"a":"}"}])");
    CHECK(member_text(all, "t") == R"("\"result\":2,}")");
    CHECK(member_text(all, "n") == "null");
    CHECK(member_text(all, "a").empty());
    CHECK(member_text("{}", "a").empty());
}

TEST_CASE("member_text: ends on text that is no JSON") {
    for (const auto* wrong :
         {"", "{", R"({"a)", R"({"a":)", R"({"a":[)", R"({"a":"x)", "}", R"(\)", R"({"a\)"}) {
        CAPTURE(wrong);
        CHECK(member_text(wrong, "b").empty());
    }
}

TEST_CASE("pretty: puts one thing on a line and leaves numbers and words alone") {
    CHECK(pretty(R"({"a":1.50,"b":[],"c":{},"d":[1,{"e":null}]})") == R"({
  "a": 1.50,
  "b": [],
  "c": {},
  "d": [
    1,
    {
      "e": null
    }
  ]
})");
}

TEST_CASE("pretty: shows no character that a terminal obeys, and means the same") {
    const std::string hostile = "{\"a\":\"\u009b31m \u202E\u2066 \x7F \\u001b \u00e9\"}";
    const auto shown = pretty(hostile);
    CHECK(shown == "{\n  \"a\": \"\\u009b31m \\u202e\\u2066 \\u007f \\u001b \u00e9\"\n}");
    CHECK(boost::json::parse(shown) == boost::json::parse(hostile));
}
