#include "pawsctl/width.h"

#include <string>

#include <doctest/doctest.h>

using namespace paws::pawsctl;

TEST_CASE("columns_of: wide characters take two columns, combining ones none") {
    CHECK(columns_of("") == 0);
    CHECK(columns_of("build-01") == 8);
    CHECK(columns_of("größe") == 5);
    CHECK(columns_of("テスト") == 6);
    CHECK(columns_of("🚀") == 2);
    CHECK(columns_of("e\u0301") == 1);
    CHECK(columns_of("…") == 1);
    CHECK(columns_of("❤\uFE0F") == 2);
}

TEST_CASE("columns_of: text that is no UTF-8 is counted without harm") {
    CHECK(columns_of("\xFF\xFE") == 2);
    CHECK(columns_of("\xE3\x83") == 3);
}

TEST_CASE("cut: keeps what fits and never splits a character") {
    CHECK(cut("build-01", 8, "…") == "build-01");
    CHECK(cut("build-01", 7, "…") == "build-…");
    CHECK(cut("build-01", 7, "...") == "buil...");
    CHECK(cut("テスト", 5, "…") == "テス…");
    CHECK(cut("テスト", 4, "…") == "テ…");
    CHECK(cut("build", 1, "…") == "…");
    CHECK(cut("build", 0, "…").empty());
    CHECK(cut("build", 2, "...") == "bu");
}

TEST_CASE("cut_middle: keeps the end, by which names differ") {
    CHECK(cut_middle("acme-widgets.build-01", 30, "…") == "acme-widgets.build-01");
    CHECK(cut_middle("acme-widgets.build-01", 16, "…") == "acme-…s.build-01");
    CHECK(cut_middle("acme-widgets.build-01", 4, "…") == "acm…");
    for (std::size_t columns = 0; columns < 25; ++columns) {
        CHECK(columns_of(cut_middle("テスト-widgets.ビルド-01", columns, "…")) <= columns);
        CHECK(columns_of(cut_middle("テスト-widgets.ビルド-01", columns, "...")) <= columns);
    }
}

TEST_CASE("to_ascii: keeps the columns and nothing beyond ASCII") {
    CHECK(to_ascii("build-01") == "build-01");
    CHECK(to_ascii("テa") == "??a");
    CHECK(to_ascii("e\u0301") == "e");
    CHECK(to_ascii("\xFF") == "?");
}
