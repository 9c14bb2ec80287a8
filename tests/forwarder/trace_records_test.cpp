#include "forwarder/trace_records.h"

#include "core/text.h"

#include <random>
#include <string>
#include <vector>

#include <doctest/doctest.h>

using namespace paws;
using namespace paws::forwarder;
using namespace std::chrono_literals;

namespace {

constexpr std::size_t mebibyte = 1U << 20U;
constexpr WallTime at{std::chrono::sys_days{std::chrono::January / 2 / 2026} + 3h + 4min + 5s};
const std::string head = "[2026-01-02 03:04:05Z INFO JobDispatcher] ";

using Texts = std::vector<std::string>;

Texts texts(std::string_view text, LastRecord last, std::size_t longest = mebibyte) {
    Texts found;
    for (const auto& record : split_trace(text, last, longest).records) {
        found.emplace_back(record.text);
    }
    return found;
}

// As a reader gets it: up to some place, then from the first record that is not used yet.
Texts in_pieces(const std::string& text, std::mt19937& random, std::size_t longest) {
    Texts found;
    std::size_t from = 0;
    for (std::size_t to = 0; to < text.size();) {
        to = std::min(to + random() % 30, text.size());
        const auto view = std::string_view{text}.substr(from, to - from);
        const auto last = to == text.size() ? LastRecord::is_whole : LastRecord::may_grow;
        const auto split = split_trace(view, last, longest);
        for (const auto& record : split.records) {
            found.emplace_back(record.text);
        }
        from += split.used;
    }
    CHECK(from == text.size());
    return found;
}

}  // namespace

TEST_CASE("trace head: tells time, level and component") {
    const std::string text = head + "text";  // outlives what points into it
    const auto found = parse_trace_head(text);
    REQUIRE(found);
    CHECK(found->at == at);
    CHECK(found->level == Level::info);
    CHECK(found->component == "JobDispatcher");
    CHECK(found->size == head.size());
    const auto error = parse_trace_head("[2026-01-02 03:04:05Z ERR  GitHub Actions]");
    REQUIRE(error);
    CHECK(error->level == Level::error);
    CHECK(error->component == "GitHub Actions");
    CHECK(error->size == 42);
    CHECK(parse_trace_head("[2026-01-02 03:04:05Z VERB ]"));
}

TEST_CASE("trace head: whatever only looks like one is none") {
    for (const auto* odd : {"",
                            "[",
                            "[2026-01-02 03:04:05Z",
                            "[2026-01-02 03:04:05Z INFO ",
                            "[2026-01-02 03:04:05Z INFO JobDispatcher",
                            "[2026-01-02 03:04:05Z INFO Job\nDispatcher] x",
                            " [2026-01-02 03:04:05Z INFO A] x",
                            "[2026-13-02 03:04:05Z INFO A] x",
                            "[2026-02-30 03:04:05Z INFO A] x",
                            "[2026-01-02 24:04:05Z INFO A] x",
                            "[9999-01-02 03:04:05Z INFO A] x",
                            "[2026-01-02 03:60:05Z INFO A] x",
                            "[2026-01-02 03:04:61Z INFO A] x",
                            "[2026-01-02T03:04:05Z INFO A] x",
                            "[2026-01-02 03:04:05Z NOTE A] x",
                            "[2026-01-02 03:04:05  INFO A] x",
                            "[-026-01-02 03:04:05Z INFO A] x",
                            "\xFF\xFE\xFD"}) {
        CHECK_FALSE_MESSAGE(parse_trace_head(odd), odd);
    }
    CHECK_FALSE(parse_trace_head(std::string(mebibyte, '[')));
}

TEST_CASE("trace records: a line without a head belongs to the record before") {
    const auto text = head + "one\n  at A.B()\n\n  at C\n" + head + "two\n";
    const auto split = split_trace(text, LastRecord::is_whole, mebibyte);
    REQUIRE(split.records.size() == 2);
    CHECK(split.records[0].text == head + "one\n  at A.B()\n\n  at C");
    CHECK(split.records[0].offset == 0);
    REQUIRE(split.records[0].head);
    CHECK(split.records[1].text == head + "two");
    CHECK(split.records[1].offset == text.size() - head.size() - 4);
    CHECK(split.used == text.size());
}

TEST_CASE("trace records: the last is left while it may grow, with a line end or without") {
    const auto first = head + "one\n";
    const auto text = first + head + "two\n";
    const auto split = split_trace(text, LastRecord::may_grow, mebibyte);
    CHECK(split.records.size() == 1);
    CHECK(split.used == first.size());
    CHECK(texts(text, LastRecord::is_whole) == Texts{head + "one", head + "two"});
    // Without its line end it may not even be a record of its own.
    CHECK(texts(first + head + "two", LastRecord::may_grow).empty());
    CHECK(texts(first + head + "two", LastRecord::is_whole) == Texts{head + "one", head + "two"});
}

TEST_CASE("trace records: Windows' line ends, empty texts and texts of line ends only") {
    CHECK(texts(head + "one\r\n more\r\n" + head + "two\r\n", LastRecord::is_whole) ==
          Texts{head + "one\r\n more", head + "two"});
    CHECK(texts("", LastRecord::is_whole).empty());
    CHECK(texts("\n\r\n\n", LastRecord::is_whole).empty());
    CHECK(split_trace("\n\n", LastRecord::is_whole, mebibyte).used == 2);
    CHECK(split_trace("\n\n", LastRecord::may_grow, mebibyte).used == 0);
}

TEST_CASE("trace records: what precedes the first head is told, too, without a head") {
    const auto text = "rest of before\n more\n" + head + "x\n";
    const auto split = split_trace(text, LastRecord::is_whole, mebibyte);
    REQUIRE(split.records.size() == 2);
    CHECK(split.records[0].text == "rest of before\n more");
    CHECK_FALSE(split.records[0].head);
    CHECK(texts("\xFF\xFE", LastRecord::is_whole) == Texts{"\xFF\xFE"});
}

TEST_CASE("trace records: one beyond the bound is cut there, and a line without end as well") {
    const auto text = head + std::string(250, 'x');
    CHECK(texts(text, LastRecord::may_grow, 100) ==
          Texts{text.substr(0, 100), text.substr(100, 100)});
    CHECK(texts(text, LastRecord::is_whole, 100).size() == 3);
    const auto huge = head + std::string(3 * mebibyte, 'y') + "\n" + head + "after\n";
    const auto found = texts(huge, LastRecord::is_whole);
    REQUIRE(found.size() == 5);
    CHECK(found[0].size() == mebibyte);
    CHECK(found[4] == head + "after");
    std::size_t total = 0;
    for (const auto& record : found) {
        total += record.size();
    }
    CHECK(total == huge.size() - 2);  // the two line ends
}

TEST_CASE("trace records: the bound cuts no character in two") {
    const std::string horse = "\U0001F40E";
    for (std::size_t shift = 0; shift < horse.size(); ++shift) {
        auto text = head + std::string(shift, 'x');
        for (int count = 0; count < 50; ++count) {
            text += horse;
        }
        const auto found = texts(text, LastRecord::is_whole, 100);
        std::string together;
        for (const auto& record : found) {
            CHECK(record.size() <= 100);
            CHECK(valid_utf8(record) == record);
            together += record;
        }
        CHECK(found.size() == 3);
        CHECK(together == text);
    }
}

TEST_CASE("trace records: a full window is always moved on from") {
    for (const auto& text : {std::string(100, 'x'),
                             std::string(99, 'x') + "\n",
                             std::string(50, 'x') + "\n" + std::string(49, 'y'),
                             std::string(50, 'x') + "\n" + std::string(48, 'y') + "\n",
                             std::string(100, '\x80'),
                             std::string(97, 'x') + "\xF0\x9F\x90",
                             std::string(100, '\n')}) {
        CHECK(split_trace(text, LastRecord::may_grow, 100).used > 0);
    }
}

TEST_CASE("trace records: are the same however the text comes") {
    const std::vector<std::string> parts{head,
                                         "[2026-01-02 03:04:06Z ERR  X] ",
                                         "[2026-01-02 03:04:05Z",
                                         "word ",
                                         "\n",
                                         "\n",
                                         "\r\n",
                                         "[",
                                         "]",
                                         "\u20ac",
                                         "\U0001F40E\U0001F40E\U0001F40E",
                                         "\x80\x80\x80\x80\xF0",
                                         std::string(70, 'x')};
    for (unsigned seed = 0; seed < 3'000; ++seed) {
        std::mt19937 random{seed};
        std::string text;
        for (auto count = random() % 25; count > 0; --count) {
            text += parts[random() % parts.size()];
        }
        const std::size_t longest = 60 + random() % 200;
        const auto whole = texts(text, LastRecord::is_whole, longest);
        INFO("seed ", seed, ", longest ", longest, ": ", text);
        REQUIRE(in_pieces(text, random, longest) == whole);
    }
}
