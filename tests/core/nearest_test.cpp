#include "core/nearest.h"

#include <string>

#include <doctest/doctest.h>

using namespace paws;

TEST_CASE("edit_distance: counts insertions, deletions, replacements and swaps of neighbours") {
    CHECK(edit_distance("", "") == 0);
    CHECK(edit_distance("", "abc") == 3);
    CHECK(edit_distance("status", "status") == 0);
    CHECK(edit_distance("stauts", "status") == 1);
    CHECK(edit_distance("lisen", "listen") == 1);
    CHECK(edit_distance("kitten", "sitting") == 3);
}

TEST_CASE("nearest: names what was meant and is silent when nothing is near") {
    CHECK(nearest("stauts", {"runners", "status"}) == "status");
    CHECK(nearest("lisen", {"listen", "tls_cert"}) == "listen");
    CHECK_FALSE(nearest("gate", {"runners", "status"}));
    CHECK_FALSE(nearest("x", {"y"}));
    CHECK_FALSE(nearest("status", {}));
    CHECK(nearest("exclude", {"deadline", "exclude_fstypes"}) ==
          "exclude_fstypes");  // its beginning
    CHECK_FALSE(nearest("ex", {"exclude_fstypes"}));
    CHECK_FALSE(nearest(std::string(1'000'000, 'a'), {"a"}));
    CHECK_FALSE(nearest("a", {std::string(1'000'000, 'a')}));
    CHECK(suggestion("stauts", {"status"}) == "; did you mean 'status'?");
    CHECK(suggestion("stauts", {}).empty());
}
