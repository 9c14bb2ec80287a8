#include "actions/handover.h"

#include <doctest/doctest.h>

using namespace paws;
using namespace paws::actions;
using platform::RunnerPart;

TEST_CASE("handover: what is said is what is heard") {
    const Handover whole{.runner = "acme-widgets.build-01",
                         .root = "/home/build 1/runner",
                         .parts = {RunnerPart::root, RunnerPart::work}};
    CHECK(to_text(whole) == "acme-widgets.build-01\n/home/build 1/runner\nroot work");
    CHECK(parse_handover(to_text(whole)).value() == whole);
}

TEST_CASE("handover: what is none is refused") {
    for (const auto* const text : {"",
                                   "a",
                                   "a\n/r\n",
                                   "a\n/r",
                                   "a\nr\nroot",
                                   "../a\n/r\nroot",
                                   "\n/r\nroot",
                                   "a\n/r\nroot root",
                                   "a\n/r\nroot bin",
                                   "a\n/r\nroot,diag"}) {
        CHECK_MESSAGE(parse_handover(text).error().code == Errc::malformed, text);
    }
}

TEST_CASE("handover: a descriptor in the fd store is named after its runner and part") {
    CHECK(descriptor_name("acme.a", RunnerPart::diag) == "diag@acme.a");
    CHECK(descriptor_name("a:b@c", RunnerPart::root) == "root@a/b@c");  // no colon is allowed
    CHECK(parse_descriptor_name("root@a/b@c") ==
          DescriptorOf{.runner = "a:b@c", .part = RunnerPart::root});
    for (const auto* const name : {"", "stored", "root", "root@", "bin@a", "root@..", "root@a b"}) {
        CHECK_FALSE_MESSAGE(parse_descriptor_name(name), name);
    }
}
