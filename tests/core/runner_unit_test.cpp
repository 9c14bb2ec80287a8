#include "core/runner_unit.h"

#include <doctest/doctest.h>

using namespace paws;

TEST_CASE("runner_unit: a runner's name and its unit name each other") {
    CHECK(runner_unit("acme-widgets.build-01") == "actions.runner.acme-widgets.build-01.service");
    CHECK(runner_name(runner_unit("a:b@c")) == "a:b@c");
}

TEST_CASE("is_instance: what systemd allows in a unit's name, and no step upwards") {
    for (const auto* const name :
         {"acme-widgets.build-01", "a", "a:b", "a@b", R"(a\x20b)", "a_b."}) {
        CHECK_MESSAGE(is_instance(name), name);
    }
    for (const auto* const name :
         {"", ".", "..", ".a", "a..b", "a/b", "/", "%i", "a b", "a\n", "a\tb", "ä", "a\"b", "$a"}) {
        CHECK_FALSE_MESSAGE(is_instance(name), name);
    }
    CHECK(is_instance(std::string(220, 'a')));
    CHECK_FALSE(is_instance(std::string(221, 'a')));
    CHECK_FALSE(is_instance(std::string_view{"a\0b", 3}));
}
