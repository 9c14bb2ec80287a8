#include "exporter/negotiate.h"

#include <string>

#include <doctest/doctest.h>

using namespace paws::exporter;

namespace {

bool openmetrics(std::string_view accept) {
    return negotiate(accept).format == Format::openmetrics;
}

}  // namespace

TEST_CASE("negotiate: text 0.0.4 for whoever does not ask for OpenMetrics") {
    for (const auto* accept : {"",
                               "*/*",
                               "text/plain",
                               "text/html,application/xhtml+xml,*/*;q=0.8",
                               "text/plain;version=0.0.4",
                               "application/json",
                               "application/openmetrics-text",
                               "application/openmetrics-text;version=2.0.0",
                               "garbage",
                               ";;;,,,===",
                               ",",
                               "\"",
                               "q=1"}) {
        CAPTURE(accept);
        CHECK_FALSE(openmetrics(accept));
        CHECK(negotiate(accept).content_type == "text/plain; version=0.0.4; charset=utf-8");
    }
}

TEST_CASE("negotiate: what Prometheus sends gives OpenMetrics 1.0.0") {
    const auto got = negotiate(
        "application/openmetrics-text;version=1.0.0,application/openmetrics-text;version=0.0.1;q=0."
        "75,text/plain;version=0.0.4;q=0.5,*/*;q=0.1");
    CHECK(got.format == Format::openmetrics);
    CHECK(got.content_type == "application/openmetrics-text; version=1.0.0; charset=utf-8");
}

TEST_CASE("negotiate: the version that was asked for is the one that is named") {
    CHECK(negotiate("application/openmetrics-text; version=0.0.1").content_type ==
          "application/openmetrics-text; version=0.0.1; charset=utf-8");
    CHECK(
        negotiate("APPLICATION/OpenMetrics-Text; Version=\"1.0.0\"; charset=utf-8").content_type ==
        "application/openmetrics-text; version=1.0.0; charset=utf-8");
}

TEST_CASE("negotiate: weights decide, and the first of equals") {
    const std::string om = "application/openmetrics-text;version=1.0.0";
    CHECK_FALSE(openmetrics(om + ";q=0.2,text/plain;q=0.3"));
    CHECK(openmetrics("text/plain;q=0.3," + om + ";q=0.4"));
    CHECK_FALSE(openmetrics("text/plain," + om));
    CHECK(openmetrics(om + ",text/plain"));
    CHECK_FALSE(openmetrics(om + ";q=0"));
    CHECK_FALSE(openmetrics(om + ";q=nonsense"));
    CHECK_FALSE(openmetrics(om + ";q=1.5"));
    CHECK_FALSE(openmetrics(om + ";q=-1"));
    CHECK_FALSE(openmetrics(om + ";q="));
}

TEST_CASE("negotiate: a comma or semicolon inside quotes separates nothing") {
    CHECK(openmetrics(R"(text/x;a="q,\";text/plain",application/openmetrics-text;version=1.0.0)"));
    CHECK_FALSE(openmetrics(R"(text/x;a="application/openmetrics-text;version=1.0.0)"));
}

TEST_CASE("negotiate: a huge header is read once through") {
    CHECK(openmetrics(std::string(100'000, ',') + "application/openmetrics-text;version=1.0.0"));
    CHECK_FALSE(openmetrics(std::string(100'000, '"')));
}

TEST_CASE("accepts_gzip: only where it is wanted") {
    CHECK(accepts_gzip("gzip"));
    CHECK(accepts_gzip("deflate, GZIP;q=0.5"));
    CHECK(accepts_gzip("x-gzip"));
    CHECK(accepts_gzip("*"));
    CHECK(accepts_gzip("identity;q=0, *;q=0.1"));
    CHECK_FALSE(accepts_gzip(""));
    CHECK_FALSE(accepts_gzip("identity"));
    CHECK_FALSE(accepts_gzip("gzip;q=0"));
    CHECK_FALSE(accepts_gzip("gzip; q=0.000, *"));
    CHECK_FALSE(accepts_gzip("*;q=0"));
    CHECK_FALSE(accepts_gzip("gzippy"));
}
