#include "forwarder/audience.h"

#include <doctest/doctest.h>

using namespace paws;
using namespace paws::forwarder;
using namespace std::chrono_literals;

namespace {

constexpr WallTime noon{std::chrono::sys_days{std::chrono::March / 1 / 2026} + 12h};

Now at(std::chrono::nanoseconds boot) {
    return {.wall = noon, .boot = BootTime{boot}};
}

struct Shown {
    Streams streams{{}};
    StreamId stream = streams.of({.job = "journal", .unit = "a", .runner = ""}).first;
    Audience audience;

    void show(std::size_t count, const Now& now, const std::string& line = "line") {
        Batch batch;
        Metadata metadata;
        metadata.add("pid", "1");
        for (std::size_t i = 0; i < count; ++i) {
            batch.add(stream, noon, line, metadata);
        }
        audience.show(batch, streams, now);
    }
};

}  // namespace

TEST_CASE("audience: nothing is kept while nobody watches") {
    Shown shown;
    shown.show(3, at(1h));
    CHECK(shown.audience.lines_after(0, 10, at(1h)).empty());
    shown.show(3, at(1h + 11s));  // nobody asked for ten seconds
    CHECK(shown.audience.lines_after(0, 10, at(1h + 11s)).empty());
}

TEST_CASE("audience: who watches sees each line once, with its labels and metadata") {
    Shown shown;
    CHECK(shown.audience.lines_after(0, 10, at(1h)).empty());
    shown.show(2, at(1h + 1s));
    const auto first = shown.audience.lines_after(0, 10, at(1h + 2s));
    REQUIRE(first.size() == 2);
    CHECK(first[0].number + 1 == first[1].number);
    CHECK(first[0].at == noon);
    CHECK(first[0].labels == shown.streams.labels(shown.stream));
    CHECK(first[0].line == "line pid=1");
    CHECK(shown.audience.lines_after(first[1].number, 10, at(1h + 3s)).empty());
    shown.show(1, at(1h + 4s));
    const auto next = shown.audience.lines_after(first[1].number, 10, at(1h + 5s));
    REQUIRE(next.size() == 1);
    CHECK(next[0].number == first[1].number + 1);
}

TEST_CASE("audience: tells since when its numbers count, from the first who asked on") {
    Shown shown;
    CHECK_FALSE(shown.audience.since());
    shown.show(1, at(1h));
    CHECK_FALSE(shown.audience.since());
    CHECK(shown.audience.lines_after(0, 10, at(1h)).empty());
    CHECK(shown.audience.since() == noon);
    const Now later{.wall = noon + 1min, .boot = BootTime{1h + 1min}};  // nobody watched between
    CHECK(shown.audience.lines_after(0, 10, later).empty());
    CHECK(shown.audience.since() == noon);
}

TEST_CASE("audience: of many lines the newest are shown, and the numbers tell of the gap") {
    Shown shown;
    CHECK(shown.audience.lines_after(0, 10, at(1h)).empty());
    shown.show(5'000, at(1h));
    const auto lines = shown.audience.lines_after(0, 10, at(1h));
    REQUIRE(lines.size() == 10);
    CHECK(lines.back().number == 5'000);
    CHECK(shown.audience.lines_after(0, 10'000, at(1h)).size() == 1'000);
    shown.show(10, at(1h));
    const auto all = shown.audience.lines_after(0, 10'000, at(1h));
    CHECK(all.size() == 1'000);
    CHECK(all.back().number == 5'010);
}

TEST_CASE("audience: what is shown is safe for a terminal and not without end") {
    Shown shown;
    CHECK(shown.audience.lines_after(0, 10, at(1h)).empty());
    shown.show(1, at(1h), "\x1B[31m\n\xFF" + std::string(1'000'000, 'x'));
    const auto lines = shown.audience.lines_after(0, 10, at(1h));
    REQUIRE(lines.size() == 1);
    CHECK(lines[0].line.size() <= 2'000);
    CHECK(lines[0].line.find_first_of("\x1B\n\xFF") == std::string::npos);
}
