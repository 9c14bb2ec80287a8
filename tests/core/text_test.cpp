#include "core/text.h"

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
