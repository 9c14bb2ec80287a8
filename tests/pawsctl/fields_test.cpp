#include "pawsctl/fields.h"

#include <string>

#include <boost/json/parse.hpp>
#include <boost/json/value.hpp>
#include <doctest/doctest.h>

using namespace paws::pawsctl;

TEST_CASE("parse_moment: reads RFC 3339 in UTC and nothing else") {
    CHECK(parse_moment("1970-01-01T00:00:00Z") == 0.0);
    CHECK(parse_moment("2026-11-23T15:00:00Z") == 1795446000.0);
    CHECK(*parse_moment("2026-11-23T15:00:00.250Z") == doctest::Approx(1795446000.25));
    CHECK(parse_moment("2024-02-29T23:59:60Z") == 1709251200.0);
    for (const auto* wrong : {"",
                              "2026",
                              "2026-11-23",
                              "2026-11-23T15:00:00",
                              "2026-11-23T15:00:00+01:00",
                              "2026-11-23 15:00:00Z",
                              "2026-13-23T15:00:00Z",
                              "2026-02-30T15:00:00Z",
                              "2026-11-23T24:00:00Z",
                              "2026-11-23T15:00:00.Z",
                              "2026-11-23T15:00:00.1e5Z",
                              "2026-11-23T15:00:00ZZ",
                              "+026-11-23T15:00:00Z",
                              "2026-11-2\xFFT15:00:00Z"}) {
        CAPTURE(wrong);
        CHECK_FALSE(parse_moment(wrong));
    }
    CHECK_FALSE(parse_moment(std::string(1'000'000, '1')));
}

TEST_CASE("fields: another type than expected is as good as absent") {
    const auto parsed = boost::json::parse(
        R"({"n":1.5,"i":3,"t":"x","b":true,"o":{"a":1},"l":[1,{"k":2},"s",null],"z":null})");
    const auto& from = parsed.as_object();
    CHECK(number(from, "n") == 1.5);
    CHECK(number(from, "i") == 3.0);
    CHECK_FALSE(number(from, "t"));
    CHECK_FALSE(number(from, "z"));
    CHECK_FALSE(number(from, "missing"));
    CHECK(flag(from, "b") == true);
    CHECK_FALSE(flag(from, "n"));
    CHECK(text(from, "t") == "x");
    CHECK(text(from, "n").empty());
    CHECK(object(from, "o").size() == 1);
    CHECK(object(from, "l").empty());
    CHECK(objects(from, "l").size() == 1);
    CHECK(texts(from, "l") == std::vector<std::string>{"s"});
    CHECK(objects(from, "o").empty());
    CHECK(texts(from, "z").empty());
}

TEST_CASE("text: is safe for a terminal and bounded") {
    const auto parsed = boost::json::parse(R"({"t":"a\u001b[2J\nb"})");
    CHECK(text(parsed.as_object(), "t") == "a\uFFFD[2J\uFFFDb");
    const boost::json::object huge{{"t", std::string(100'000, 'x')}};
    CHECK(text(huge, "t").size() == 1024);
}
