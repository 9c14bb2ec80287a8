#include "forwarder/loki_version.h"

#include <string>

#include <doctest/doctest.h>

using namespace paws::forwarder;

TEST_CASE("loki version: metadata is kept since 2.9, and by builds that have no number") {
    const auto keeps = [](const std::string& version) {
        return keeps_metadata(R"({"version":")" + version + R"(","revision":"x"})");
    };
    CHECK(keeps("2.8.11") == false);
    CHECK(keeps("1.6.1") == false);
    CHECK(keeps("2.9.0") == true);
    CHECK(keeps("2.10.0") == true);
    CHECK(keeps("3.0.0") == true);
    CHECK(keeps("10.0") == true);
    CHECK(keeps("3.5.0-rc.1") == true);
    CHECK(keeps("main-abcdef") == true);
    CHECK(keeps("k221-1234") == true);
    CHECK(keeps("") == true);
}

TEST_CASE("loki version: a page that does not tell tells nothing") {
    for (const auto* page :
         {"", "{}", "null", "[]", "<html>", R"({"version":3})", "{\"version\":"}) {
        CHECK_FALSE_MESSAGE(keeps_metadata(page), page);
    }
    CHECK_FALSE(keeps_metadata(std::string(100'000, '[')));
    CHECK_FALSE(keeps_metadata(std::string(1'000'000, '\xFF')));
}
