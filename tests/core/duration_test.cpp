#include "core/duration.h"

#include <chrono>
#include <string>

#include <doctest/doctest.h>

using namespace paws;
using namespace std::chrono_literals;

TEST_CASE("parse_duration: takes a whole number and a unit, nothing else") {
    CHECK(parse_duration("500ms") == 500ms);
    CHECK(parse_duration("5s") == 5s);
    CHECK(parse_duration("15m") == 15min);
    CHECK(parse_duration("2h") == 2h);
    CHECK(parse_duration("3650d") == 24h * 3650);
    for (const auto* text : {"",
                             "5",
                             "s",
                             "5 s",
                             "-5s",
                             "+5s",
                             "1.5s",
                             "5S",
                             "5s ",
                             "3651d",
                             "99999999999999999999s",
                             "5\xFFs"}) {
        CAPTURE(text);
        CHECK_FALSE(parse_duration(text));
    }
    CHECK_FALSE(parse_duration(std::string(100'000, '9') + "s"));
}

TEST_CASE("duration_text: is read back by parse_duration") {
    CHECK(duration_text(0s) == "0s");
    CHECK(duration_text(90s) == "90s");
    CHECK(duration_text(120s) == "2m");
    CHECK(duration_text(1500ms) == "1500ms");
    CHECK(duration_text(48h) == "2d");
}
