#include "core/text.h"

#include <algorithm>

#include <doctest/doctest.h>

using namespace paws;

TEST_CASE("printable: plain text and valid UTF-8 pass unchanged") {
    CHECK(printable("build (ubuntu, gcc-13)") == "build (ubuntu, gcc-13)");
    CHECK(printable("\u221a gr\u00fc\u00dfe \U0001F40E") == "\u221a gr\u00fc\u00dfe \U0001F40E");
}

TEST_CASE("printable: what a terminal or a log would act on becomes U+FFFD") {
    CHECK(printable("a\nb\x1b[31m") == "a\uFFFDb\uFFFD[31m");
    CHECK(printable("\x7f\xC2\x9B") == "\uFFFD\uFFFD");
    CHECK(printable("\u202Egnp.exe") == "\uFFFDgnp.exe");
    CHECK(printable(std::string_view{"\0x", 2}) == "\uFFFDx");
}

TEST_CASE("printable: bytes that are not UTF-8 become U+FFFD one by one") {
    CHECK(printable("\xff\xfeok") == "\uFFFD\uFFFDok");
    CHECK(printable("\xE2\x88") == "\uFFFD\uFFFD");            // cut short
    CHECK(printable("\xC0\xAF") == "\uFFFD\uFFFD");            // overlong slash
    CHECK(printable("\xED\xA0\x80") == "\uFFFD\uFFFD\uFFFD");  // a surrogate
}

TEST_CASE("printable: the limit never cuts inside a character") {
    CHECK(printable("a\u00fc\u00fc", 4) == "a\u00fc");
    CHECK(printable(std::string(1'000'000, 'x')).size() == 256);
}

TEST_CASE("whole_characters: cuts before a character that does not fit") {
    for (const std::string character : {"\u00fc", "\u20ac", "\U0001F40E"}) {
        const auto text = "ab" + character + "c";
        for (std::size_t limit = 2; limit < 2 + character.size(); ++limit) {
            CHECK(whole_characters(text, limit) == "ab");
        }
        CHECK(whole_characters(text, 2 + character.size()) == "ab" + character);
        CHECK(whole_characters(text, 100) == text);
        CHECK(whole_characters(std::string_view{text}.substr(0, 3), 100) == "ab");  // cut elsewhere
    }
    CHECK(whole_characters("abc", 2) == "ab");
    CHECK(whole_characters("", 2).empty());
}

TEST_CASE("whole_characters: of bytes that are no text it takes some, too") {
    for (const std::string& bytes : {std::string(10, '\x80'), std::string(10, '\xF0')}) {
        for (std::size_t limit = 1; limit < 12; ++limit) {
            const auto taken = whole_characters(bytes, limit);
            CHECK_FALSE(taken.empty());
            CHECK(taken.size() <= limit);
            CHECK(taken.size() + 3 >= std::min(limit, bytes.size()));
        }
    }
}

TEST_CASE("parse_integer: takes the whole text or nothing") {
    CHECK(parse_integer<int>("42") == 42);
    CHECK(parse_integer<int>("-2") == -2);
    CHECK_FALSE(parse_integer<unsigned>("-2"));
    CHECK_FALSE(parse_integer<int>("42 "));
    CHECK_FALSE(parse_integer<int>(""));
    CHECK_FALSE(parse_integer<unsigned char>("256"));
}

TEST_CASE("take_word and take_until: eat the text from the front") {
    std::string_view rest = "  cpu0\t12 \n";
    CHECK(take_word(rest) == "cpu0");
    CHECK(take_word(rest) == "12");
    CHECK(take_word(rest).empty());

    std::string_view lines = "one\ntwo";
    CHECK(take_until(lines, '\n') == "one");
    CHECK(take_until(lines, '\n') == "two");
    CHECK(lines.empty());
}
