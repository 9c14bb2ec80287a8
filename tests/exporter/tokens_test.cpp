#include "exporter/tokens.h"

#include <string>

#include <doctest/doctest.h>

using namespace paws;
using namespace paws::exporter;

namespace {

constexpr auto one = "0123456789abcdef";
constexpr auto other = "Zm9vYmFyYmF6cXV4+/==";

std::string fault(const std::string& text) {
    const auto tokens = Tokens::parse(text);
    return tokens ? "accepted" : tokens.error().what;
}

}  // namespace

TEST_CASE("Tokens: one a line, between comments, blanks and foreign line ends") {
    const auto tokens =
        Tokens::parse("# prometheus\r\n  " + std::string{one} + " \r\n\n#x\n" + other);
    REQUIRE(tokens);
    CHECK(tokens->hold(one));
    CHECK(tokens->hold(other));
    for (const auto* wrong : {"",
                              "0123456789abcde",
                              "0123456789abcdeF",
                              "0123456789abcdef0",
                              "# prometheus",
                              "#x",
                              " 0123456789abcdef"}) {
        CHECK_FALSE_MESSAGE(tokens->hold(wrong), wrong);
    }
    CHECK_FALSE(tokens->hold(std::string(1'000'000, '0')));
    CHECK_FALSE(tokens->hold(std::string_view{"0123456789abcdef\0", 17}));
}

TEST_CASE("Tokens: what is refused is told by its line, and not shown") {
    CHECK(fault("# a\n\nshort-secret") ==
          "line 3: a token of less than 16 characters can be guessed; `openssl rand -hex 32` makes "
          "one");
    CHECK(fault("0123456789abcdef\nsecret secret secret") ==
          "line 2: a token is one word of visible ASCII");
    CHECK(fault("0123456789\x01"
                "abcdef") == "line 1: a token is one word of visible ASCII");
    CHECK(fault("secret-ä-0123456789") == "line 1: a token is one word of visible ASCII");
    CHECK(fault("\xEF\xBB\xBF"
                "0123456789abcdef") == "line 1: a token is one word of visible ASCII");
    CHECK(fault(std::string(1025, 'x')) == "line 1: a token has at most 1024 characters");
    CHECK(fault(std::string(1024, 'x')) == "accepted");
    for (const auto* empty : {"", "\n \n", "# 0123456789abcdef"}) {
        CHECK(fault(empty) == "holds no token; `openssl rand -hex 32` makes one");
    }
    std::string many;
    for (int number = 100; number < 200; ++number) {
        many += "0123456789abc" + std::to_string(number) + "\n";
    }
    CHECK(fault(many) == "accepted");
    CHECK(fault(many + one) == "holds more than 100 tokens");
}

TEST_CASE("bearer_token: the scheme in any case, the token as it is") {
    CHECK(bearer_token("Bearer abc") == "abc");
    CHECK(bearer_token("bEARER   a.b-c=  ") == "a.b-c=");
    CHECK(bearer_token("Bearer a b") == "a b");
    CHECK(bearer_token("Bearer") == "");
    for (const auto* foreign : {"", "Basic YTpi", "Bearerabc", "abc", "Token abc"}) {
        CHECK_MESSAGE(!bearer_token(foreign), foreign);
    }
}
