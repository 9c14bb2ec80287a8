#include "forwarder/intake.h"

#include "core/text.h"

#include <doctest/doctest.h>

using namespace paws;
using namespace paws::forwarder;
using namespace std::chrono_literals;

namespace {

constexpr WallTime noon{std::chrono::sys_days{std::chrono::March / 1 / 2026} + 12h};

struct Taken {
    Intake intake{Streams{{}}, *Redactor::create()};
    Batch batch;

    void take(std::string_view text, LogSource source = LogSource::journal) {
        take_of("", text, source);
    }
    void take_of(std::string_view writer,
                 std::string_view text,
                 LogSource source = LogSource::journal) {
        intake.take(batch,
                    {.source = source,
                     .stream = 1,
                     .at = noon,
                     .text = text,
                     .writer = {.first = writer, .second = ""}},
                    {});
    }
    Entry entry(std::size_t at) const { return batch.decode(batch.items()[at]); }
};

}  // namespace

TEST_CASE("intake: a line goes on as it is, an empty one too, and is counted by its source") {
    Taken taken;
    taken.take("hello");
    taken.take("");
    taken.take("trace", LogSource::diag);
    REQUIRE(taken.batch.items().size() == 3);
    CHECK(taken.entry(0).line == "hello");
    CHECK(taken.entry(0).at == noon);
    CHECK(taken.batch.items()[0].stream == 1);
    CHECK(taken.entry(1).line.empty());
    CHECK(taken.intake.counts().read.at(LogSource::journal) == 2);
    CHECK(taken.intake.counts().read.at(LogSource::diag) == 1);
}

TEST_CASE("intake: what is not UTF-8 is made valid, what is stays") {
    Taken taken;
    taken.take(
        "a\xFF"
        "b\xC3");
    taken.take("\xE2\x82\xAC\x1B[0m");
    taken.take(std::string_view{"a\0b", 3});
    CHECK(taken.entry(0).line ==
          "a\xEF\xBF\xBD"
          "b\xEF\xBF\xBD");
    CHECK(taken.entry(1).line == "\xE2\x82\xAC\x1B[0m");
    CHECK(taken.entry(2).line == std::string_view{"a\0b", 3});
}

TEST_CASE("intake: a line beyond Loki's bound becomes parts that follow each other") {
    Taken taken;
    std::string text(longest_part - 1, 'x');
    text += "\xE2\x82\xAC";  // across the bound
    text += std::string(longest_part, 'y');
    taken.take(text);
    REQUIRE(taken.batch.items().size() == 3);
    std::string together;
    for (std::size_t at = 0; at < 3; ++at) {
        const auto entry = taken.entry(at);
        CHECK(entry.line.size() <= longest_part);
        CHECK(valid_utf8(entry.line) == entry.line);
        CHECK(entry.at == noon + std::chrono::nanoseconds{at});
        REQUIRE(entry.metadata.size() == 1);
        CHECK(entry.metadata[0].first == "part");
        CHECK(entry.metadata[0].second == std::to_string(at + 1) + "/3");
        together += entry.line;
    }
    CHECK(together == text);
    CHECK(taken.intake.counts().read.at(LogSource::journal) == 3);
    taken.batch.clear();
    taken.take(std::string(longest_part, 'z'));
    CHECK(taken.batch.items().size() == 1);
    CHECK(taken.entry(0).metadata.empty());
}

TEST_CASE("intake: goes on from the counts that were kept") {
    Taken taken;
    LogCounts before;
    before.read[LogSource::journal] = 100;
    before.sent = 90;
    before.lost[LogLoss::vacuumed] = 7;
    before.redactions["a rule of before"] = 3;
    taken.intake.resume(before, {{"writer", {.lines_left = 4}}});
    taken.take("x");
    taken.intake.lost(LogLoss::vacuumed, 2);
    taken.intake.lost(LogLoss::unreadable);
    taken.intake.found_gap();
    const auto counts = taken.intake.counts();
    CHECK(counts.read.at(LogSource::journal) == 101);
    CHECK(counts.sent == 90);
    CHECK(counts.gaps == 1);
    CHECK(counts.lost.at(LogLoss::vacuumed) == 9);
    CHECK(counts.lost.at(LogLoss::unreadable) == 1);
    CHECK(counts.redactions.at("a rule of before") == 3);
    CHECK(taken.intake.open_keys().at("writer").lines_left == 4);
}

TEST_CASE("intake: who ended within a key is forgotten, who goes on with it is not") {
    Taken taken;
    taken.take_of("broken", "-----BEGIN PRIVATE KEY-----");
    taken.take_of("slow", "-----BEGIN PRIVATE KEY-----");
    for (int line = 0; line < 150'000; ++line) {
        taken.take_of("other", "hello");
        if (line % 90'000 == 89'999) {
            taken.take_of("slow", "MIIEvQIBADANBgkqhkiG9w0BAQEFAASCBKcwggSjAgEAAoIBAQC7");
        }
    }
    CHECK(taken.intake.open_keys().size() == 2);
    taken.intake.forget_broken_keys();
    CHECK_FALSE(taken.intake.open_keys().contains("broken/"));
    CHECK(taken.intake.open_keys().contains("slow/"));
}

TEST_CASE("intake: of too many open keys those go whose writers are silent for longest") {
    Taken taken;
    taken.take_of("a first one", "-----BEGIN PRIVATE KEY-----");
    taken.take_of("z quiet one", "-----BEGIN PRIVATE KEY-----");
    for (int writer = 0; writer < 1'500; ++writer) {
        taken.take_of("m" + std::to_string(writer), "-----BEGIN PRIVATE KEY-----");
        taken.take_of("a first one", "MIIEvQIB");
    }
    CHECK(taken.intake.open_keys().size() == 1'000);
    CHECK_FALSE(taken.intake.open_keys().contains("z quiet one/"));
    CHECK_FALSE(taken.intake.open_keys().contains("m0/"));
    CHECK(taken.intake.open_keys().contains("m1499/"));
}
