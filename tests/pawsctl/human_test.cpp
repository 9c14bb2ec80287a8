#include "pawsctl/human.h"

#include <limits>

#include <doctest/doctest.h>

using namespace paws::pawsctl;

TEST_CASE("age: is told in the two units that matter") {
    CHECK(age(0.0) == "0 s");
    CHECK(age(59.9) == "59 s");
    CHECK(age(60.0) == "1 min");
    CHECK(age(180.0) == "3 min");
    CHECK(age(3600.0) == "1 h");
    CHECK(age(7500.0) == "2 h 5 min");
    CHECK(age(187200.0) == "2 d 4 h");
    CHECK(age(86400.0 * 250 + 3600) == "250 d");
}

TEST_CASE("age: what nobody knows is not known, and a clock that stepped back is no age") {
    CHECK(age(std::nullopt) == "not known");
    CHECK(age(std::numeric_limits<double>::quiet_NaN()) == "not known");
    CHECK(age(std::numeric_limits<double>::infinity()) == "not known");
    CHECK(age(-5.0) == "0 s");
    CHECK(age(1e300) == "11574074074 d");
}

TEST_CASE("size: counts in powers of 1000 with three digits") {
    CHECK(size(0.0) == "0 B");
    CHECK(size(999.0) == "999 B");
    CHECK(size(1000.0) == "1.00 kB");
    CHECK(size(1536.0) == "1.54 kB");
    CHECK(size(9'994.0) == "9.99 kB");
    CHECK(size(9'996.0) == "10.0 kB");
    CHECK(size(99'960.0) == "100 kB");
    CHECK(size(999'499.0) == "999 kB");
    CHECK(size(999'500.0) == "1.00 MB");
    CHECK(size(120e9) == "120 GB");
    CHECK(size(18446744073709551615.0) == "18.4 EB");
    CHECK(size(1e300) != "");
    CHECK(size(-1.0) == "not known");
    CHECK(size(std::nullopt) == "not known");
}

TEST_CASE("share: is a whole percentage") {
    CHECK(share(0.0) == "0 %");
    CHECK(share(0.384) == "38 %");
    CHECK(share(1.0) == "100 %");
    CHECK(share(std::nullopt) == "not known");
}
