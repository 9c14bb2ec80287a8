#include "collectors/inspection.h"

#include "tests/support/small_root.h"

#include <string>

#include <doctest/doctest.h>

using namespace paws;
using namespace paws::collectors;

namespace {

const std::string whole = R"({"version":1,"runner":"acme.a","wall_ns":1700000000000000000,
"boot_ns":5000000000,"directory_bytes":{"work":4096,"tool":0,"odd":1},"missing":{"diag":"too large"},
"settings":"{\"agentName\":\"a\",\"workFolder\":\"_work\"}",
"programs":[{"pid":42,"start_ticks":7,"path":"/opt/r/bin/Runner.Listener"},{"pid":-1},{"pid":"x"},7]})";

}  // namespace

TEST_CASE("inspection: what is there is told, with the time it was found at") {
    const auto found = parse_inspection(whole, "acme.a");
    REQUIRE(found);
    CHECK(found->value->directory_bytes == DirectoryBytes{{"tool", 0}, {"work", 4096}});
    CHECK(found->value->settings->agent_name == "a");
    CHECK(found->value->programs == std::map<int, std::string>{{42, "/opt/r/bin/Runner.Listener"}});
    CHECK(found->taken.boot == BootTime{std::chrono::seconds{5}});
}

TEST_CASE("inspection: absent is never zero") {
    const auto found =
        parse_inspection(R"({"version":1,"runner":"a","wall_ns":1,"boot_ns":1,"programs":{},
                            "directory_bytes":{"work":-1,"diag":"9","tool":1.5},"settings":7})",
                         "a");
    REQUIRE(found);
    CHECK(found->value == Inspection{});
}

TEST_CASE("inspection: another's, another version's and no document at all are malformed") {
    CHECK(parse_inspection(whole, "acme.b").error().code == Errc::malformed);
    for (const auto* const text : {"",
                                   "{",
                                   "[]",
                                   "null",
                                   "{}",
                                   R"({"version":2,"runner":"acme.a","wall_ns":1,"boot_ns":1})",
                                   R"({"version":1,"runner":"acme.a","wall_ns":1})",
                                   R"({"version":1,"runner":"acme.a","wall_ns":1,"boot_ns":-1})",
                                   R"({"version":1,"runner":"acme.a","wall_ns":1,
                                       "boot_ns":18446744073709551615})"}) {
        CHECK_MESSAGE(parse_inspection(text, "acme.a").error().code == Errc::malformed, text);
    }
    CHECK_FALSE(parse_inspection(std::string(1'000'000, '['), "acme.a"));
}

TEST_CASE("inspection: read from where the action writes it, by the runner's name") {
    const SmallRoot root;
    CHECK(read_inspection(root.root(), "acme.a").error().code == Errc::absent);
    root.write("run/paws-inspect/acme.a.json", whole);
    CHECK(read_inspection(root.root(), "acme.a"));
    CHECK(read_inspection(root.root(), "../paws-inspect/acme.a").error().code == Errc::absent);
    root.write("run/paws-inspect/acme.b.json", whole);
    CHECK(read_inspection(root.root(), "acme.b").error().what.find("/run/paws-inspect/acme.b") ==
          0);
}
