#include "collectors/process_stat.h"

#include <array>
#include <string>

#include <doctest/doctest.h>

using namespace paws;
using collectors::parse_process_stat;

namespace {

const std::string tail = " 1 2 0 -1 4194560 9 0 0 0 1 2 0 0 20 0 4 0 8675309 1000 20 0\n";

}  // namespace

TEST_CASE("parse_process_stat: pid, parent, state, start and comm") {
    const auto process = parse_process_stat("4242 (Runner.Listener) S 41" + tail);
    REQUIRE(process);
    CHECK(process->pid == 4242);
    CHECK(process->parent == 41);
    CHECK(process->state == 'S');
    CHECK(process->start_ticks == 8675309);
    CHECK(process->comm == "Runner.Listener");
}

TEST_CASE("parse_process_stat: a comm may look like the rest of the line") {
    CHECK(parse_process_stat("7 (a b) S 1" + tail)->comm == "a b");
    CHECK(parse_process_stat("7 (x) R 99 (y) S 1" + tail)->comm == "x) R 99 (y");
    CHECK(parse_process_stat("7 (x) R 99 (y) S 1" + tail)->parent == 1);
    CHECK(parse_process_stat("7 () S 1" + tail)->comm.empty());
    CHECK(parse_process_stat("7 ()) S 1" + tail)->comm == ")");
    CHECK(parse_process_stat("7 (two\nlines) Z 1" + tail)->comm == "two\uFFFDlines");
    CHECK(parse_process_stat("7 (\xff\xfe) S 1" + tail)->comm == "\uFFFD\uFFFD");
}

TEST_CASE("parse_process_stat: anything else is malformed") {
    const std::array<std::string_view, 13> lines{
        "",
        "\n",
        "7",
        "7 (x",
        "7 (x)",
        "7 (x) S",
        "7 (x) S 1 2 3",
        "x (x) S 1 1 2 0 -1 4 9 0 0 0 1 2 0 0 20 0 4 0 8 1 2",
        "0 (x) S 1 1 2 0 -1 4 9 0 0 0 1 2 0 0 20 0 4 0 8 1 2",
        "7 (x) SS 1 1 2 0 -1 4 9 0 0 0 1 2 0 0 20 0 4 0 8 1 2",
        "7 (x) S 1 1 2 0 -1 4 9 0 0 0 1 2 0 0 20 0 4 0 -8 1 2",
        ") (",
        " ( ) \xff"};
    for (const auto line : lines) {
        CAPTURE(line);
        const auto process = parse_process_stat(line);
        REQUIRE_FALSE(process);
        CHECK(process.error().code == Errc::malformed);
    }
    CHECK_FALSE(parse_process_stat(std::string(1'000'000, '(')));
}
