#include "forwarder/batch.h"

#include "tests/forwarder/push_reader.h"

#include <limits>
#include <random>

#include <doctest/doctest.h>

using namespace paws;
using namespace paws::forwarder;
using namespace std::chrono_literals;

namespace {

Metadata metadata(const pushed::Metadata& pairs) {
    Metadata made;
    for (const auto& [name, value] : pairs) {
        made.add(name, value);
    }
    return made;
}

pushed::Line decoded(const Batch& batch, std::size_t at) {
    const auto entry = batch.decode(batch.items()[at]);
    pushed::Line line{.at = entry.at, .text = std::string{entry.line}, .metadata = {}};
    for (const auto& [name, value] : entry.metadata) {
        line.metadata.emplace_back(name, value);
    }
    return line;
}

const std::vector<pushed::Line> some_lines{
    {WallTime{}, "the first second", {}},
    {WallTime{1ns}, "", {{"pid", "1"}}},
    {WallTime{-1ns}, "before 1970", {{"", ""}}},
    {WallTime{-5s - 3ns}, std::string{"a\0b", 3}, {}},
    {WallTime{1'760'000'000s + 999'999'999ns}, "now", {{"pid", "12"}, {"file", "\xC3\xA4"}}},
    {WallTime::max(), std::string(300'000, 'x'), {}},
    {WallTime::min() + 1s, "the oldest", {}},
};

}  // namespace

TEST_CASE("batch: what was added is decoded again, whatever its time and text") {
    Batch batch;
    CHECK(batch.empty());
    CHECK_FALSE(batch.oldest());
    for (const auto& line : some_lines) {
        batch.add(3, line.at, line.text, metadata(line.metadata));
    }
    REQUIRE(batch.items().size() == some_lines.size());
    for (std::size_t at = 0; at < some_lines.size(); ++at) {
        CHECK(decoded(batch, at) == some_lines[at]);
    }
    CHECK(batch.oldest() == some_lines.back().at);
    batch.clear();
    CHECK(batch.empty());
    CHECK(batch.bytes() == 0);
    CHECK_FALSE(batch.oldest());
}

TEST_CASE("batch: is full by its bytes or by its lines") {
    Batch batch;
    CHECK_FALSE(batch.is_full({.bytes = 1, .lines = 1}));
    batch.add(0, WallTime{1s}, "12345678", {});
    CHECK(batch.is_full({.bytes = 1'000, .lines = 1}));
    CHECK_FALSE(batch.is_full({.bytes = 1'000, .lines = 2}));
    CHECK(batch.is_full({.bytes = batch.bytes(), .lines = 2}));
    CHECK_FALSE(batch.is_full({.bytes = batch.bytes() + 1, .lines = 2}));
}

TEST_CASE("batch: metadata of one line and of another can be put together") {
    auto both = metadata({{"pid", "1"}});
    both.append(metadata({{"part", "1/2"}}));
    Batch batch;
    batch.add(0, WallTime{1s}, "x", both);
    CHECK(decoded(batch, 0).metadata == pushed::Metadata{{"pid", "1"}, {"part", "1/2"}});
    both.clear();
    CHECK(both.bytes().empty());
}

TEST_CASE("push body: a stream has its labels once and its lines in their order") {
    Streams streams{{{"host", "h"}}};
    const auto a = streams.of({.job = "journal", .unit = "a", .runner = ""}).first;
    const auto b = streams.of({.job = "journal", .unit = "b", .runner = ""}).first;
    Batch batch;
    std::vector<pushed::Line> of_a;
    std::vector<pushed::Line> of_b;
    std::mt19937 random{7};
    for (int i = 0; i < 500; ++i) {
        const bool to_a = random() % 2 == 0;
        pushed::Line line{WallTime{std::chrono::nanoseconds{random() % 5}},  // by no means in order
                          "line " + std::to_string(i),
                          {{"n", std::to_string(i)}}};
        batch.add(to_a ? a : b, line.at, line.text, metadata(line.metadata));
        (to_a ? of_a : of_b).push_back(line);
    }
    const auto read = pushed::read(Packer{}.pack(batch, batch.items(), streams));
    REQUIRE(read.size() == 2);
    CHECK(read[0].labels == streams.labels(a));
    CHECK(read[0].lines == of_a);
    CHECK(read[1].labels == streams.labels(b));
    CHECK(read[1].lines == of_b);
}

TEST_CASE("push body: has the lines that were asked for and no others") {
    Streams streams{{}};
    const auto place = streams.of({.job = "journal", .unit = "a", .runner = ""}).first;
    Batch batch;
    for (const auto& line : some_lines) {
        batch.add(place, line.at, line.text, metadata(line.metadata));
    }
    const auto read = pushed::read(Packer{}.pack(batch, batch.items().subspan(1, 3), streams));
    REQUIRE(read.size() == 1);
    CHECK(read[0].lines == std::vector(some_lines.begin() + 1, some_lines.begin() + 4));
    CHECK(pushed::read(Packer{}.pack(batch, {}, streams)).empty());
}

TEST_CASE("push body: a line of each length arrives as it is") {
    Streams streams{{{"host", std::string(200, 'h')}}};
    const auto place = streams.of({.job = "journal", .unit = "a", .runner = ""}).first;
    for (const std::size_t length : {0U, 1U, 110U, 127U, 128U, 16'383U, 16'384U, 2'097'152U}) {
        Batch batch;
        const std::string line(length, 'y');
        batch.add(place, WallTime{1s}, line, metadata({{"k", line}}));
        const auto read = pushed::read(Packer{}.pack(batch, batch.items(), streams));
        REQUIRE(read.size() == 1);
        CHECK(read[0].lines.at(0).text == line);
        CHECK(read[0].lines.at(0).metadata == pushed::Metadata{{"k", line}});
    }
}

TEST_CASE("suffix: metadata becomes logfmt that reads back as it was") {
    const auto suffixed = [](std::string_view line,
                             std::vector<std::pair<std::string_view, std::string_view>> pairs) {
        return with_suffix({.at = {}, .line = line, .metadata = std::move(pairs)});
    };
    CHECK(suffixed("a line", {}) == "a line");
    CHECK(suffixed("a line", {{"pid", "12"}, {"unit", "a.service"}}) ==
          "a line pid=12 unit=a.service");
    CHECK(suffixed("", {{"pid", "12"}}) == " pid=12");
    CHECK(suffixed("x", {{"empty", ""}}) == R"(x empty="")");
    CHECK(suffixed("x", {{"job_name", "build (linux)"}}) == "x job_name=\"build (linux)\"");
    CHECK(suffixed("x", {{"a", "say \"hi\"\\"}}) == "x a=\"say \\\"hi\\\"\\\\\"");
    CHECK(suffixed("x", {{"a", "b=c"}}) == R"(x a="b=c")");
}
