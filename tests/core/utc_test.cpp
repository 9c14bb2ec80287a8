#include "core/utc.h"

#include <chrono>
#include <string>
#include <string_view>

#include <doctest/doctest.h>

using namespace paws;
using namespace std::chrono_literals;

namespace {

constexpr std::string_view trace = "YYYY-MM-DD hh:mm:ssZ";
constexpr WallTime moment =
    std::chrono::sys_days{std::chrono::January / 2 / 2026} + 3h + 4min + 5s + 678'901'234ns;
constexpr WallTime second = std::chrono::floor<std::chrono::seconds>(moment);

}  // namespace

TEST_CASE("parse_utc: takes the whole text in its shape") {
    CHECK(parse_utc("2026-01-02 03:04:05Z", trace) == second);
    CHECK(parse_utc("20260102-030405", "YYYYMMDD-hhmmss") == second);
    CHECK(parse_utc("02 01 2026 03:04:05", "DD MM YYYY hh:mm:ss") == second);
    CHECK(parse_utc("2026-01-02T03:04:05.678901234Z", "YYYY-MM-DDThh:mm:ss.fffffffffZ") == moment);
    CHECK(parse_utc("2026-01-02T03:04:05.6Z", "YYYY-MM-DDThh:mm:ss.fZ") == second + 600ms);
    CHECK(parse_utc("1970-01-01 00:00:00Z", trace) == WallTime{});
    CHECK(parse_utc("2024-02-29 23:59:59Z", trace) == WallTime{1709251199s});
    CHECK(parse_utc("2024-02-29 23:59:60Z", trace) == WallTime{1709251200s});  // a leap second
}

TEST_CASE("parse_utc: what is no time, or one that nanoseconds do not hold, is none") {
    for (const auto* text : {"",
                             "2026-01-02",
                             "2026-01-02 03:04:05",
                             "2026-01-02 03:04:05Z ",
                             "2026-01-02T03:04:05Z",
                             "2026-01-02 03:04:05z",
                             "2026-13-02 03:04:05Z",
                             "2026-00-02 03:04:05Z",
                             "2026-02-30 03:04:05Z",
                             "2025-02-29 03:04:05Z",
                             "2026-01-02 24:00:00Z",
                             "2026-01-02 23:60:00Z",
                             "2026-01-02 23:59:61Z",
                             "2026-01-02 +3:04:05Z",
                             "2026-01-02 3 :04:05Z",
                             "2026-01-02 0\xFF:04:05Z",
                             "YYYY-MM-DD hh:mm:ssZ",
                             "0001-01-01 00:00:00Z",
                             "1969-12-31 23:59:59Z",
                             "2201-01-01 00:00:00Z",
                             "9999-12-31 23:59:59Z"}) {
        CAPTURE(text);
        CHECK_FALSE(parse_utc(text, trace));
    }
    CHECK_FALSE(parse_utc(std::string(1'000'000, '1'), trace));
}

TEST_CASE("utc_text: cuts off what the shape does not show") {
    CHECK(utc_text(moment, trace) == "2026-01-02 03:04:05Z");
    CHECK(utc_text(moment, "YYYYMMDD-hhmmss") == "20260102-030405");
    CHECK(utc_text(moment, "YYYY-MM-DDThh:mm:ss.fffZ") == "2026-01-02T03:04:05.678Z");
    CHECK(utc_text(moment, "YYYY-MM-DDThh:mm:ss.ffffffZ") == "2026-01-02T03:04:05.678901Z");
    CHECK(utc_text(WallTime{}, trace) == "1970-01-01 00:00:00Z");
    CHECK(utc_text(WallTime{-1ns}, "YYYY-MM-DDThh:mm:ss.fffZ") == "1969-12-31T23:59:59.999Z");
}

TEST_CASE("utc_text: is read back by parse_utc") {
    constexpr std::string_view whole = "YYYY-MM-DDThh:mm:ss.fffffffffZ";
    for (auto at = moment; at < moment + std::chrono::years{170}; at += 1'234'567'890'123'457ns) {
        REQUIRE(parse_utc(utc_text(at, whole), whole) == at);
    }
}
