#include "forwarder/redactor.h"

#include <algorithm>
#include <string>
#include <utility>
#include <vector>

#include <doctest/doctest.h>

using namespace paws::forwarder;

namespace {

const std::string token = std::string{"gh"} + "p_abcdefghijklmnopqrstuvwxyz0123456789";

Redactor redactor_with(const std::vector<RedactionRule>& own = {}) {
    auto redactor = Redactor::create(own);
    REQUIRE(redactor);
    return std::move(redactor).value();
}

std::string redacted(const std::string& line, const std::vector<RedactionRule>& own = {}) {
    auto redactor = redactor_with(own);
    OpenKey open;
    return std::string{redactor.redact(line, open)};
}

std::uint64_t count(const Redactor& redactor, const std::string& rule) {
    const auto& rules = redactor.rules();
    const auto at = std::find(rules.begin(), rules.end(), rule) - rules.begin();
    return redactor.counts().at(static_cast<std::size_t>(at));
}

std::string why(const RedactionRule& rule) {
    const auto redactor = Redactor::create({{"fine", "x+"}, rule});
    REQUIRE(!redactor);
    CHECK(redactor.error().code == paws::Errc::malformed);
    return redactor.error().what;
}

}  // namespace

TEST_CASE("redactor: a line without secrets is handed back, not copied") {
    auto redactor = redactor_with();
    OpenKey open;
    const std::string line =
        "Started session 12 of user runner, token expired, https://example.com";
    CHECK(redactor.redact(line, open).data() == line.data());
    CHECK(redactor.redact("", open).empty());
}

TEST_CASE("redactor: several secrets of a line are replaced and counted, each by its rule") {
    auto redactor = redactor_with();
    OpenKey open;
    CHECK(redactor.redact(token + " password=hunter2&pwd=hunter3 x " + token, open) ==
          "[redacted:github_token] password=[redacted:password]&pwd=[redacted:password] x "
          "[redacted:github_token]");
    CHECK(count(redactor, "github_token") == 2);
    CHECK(count(redactor, "password") == 2);
    CHECK(count(redactor, "jwt") == 0);
}

TEST_CASE("redactor: a name is given once, whatever the number of its rules") {
    auto names = redactor_with({{"password", "geheim=(\\w+)"}, {"badge", "B-[0-9]+"}}).rules();
    CHECK(names.back() == "badge");
    std::sort(names.begin(), names.end());
    CHECK(std::adjacent_find(names.begin(), names.end()) == names.end());
}

TEST_CASE("redactor: bytes that are no UTF-8, and NULs, hide nothing") {
    CHECK(redacted("\xFF\xFE" + token + "\xC3") == "\xFF\xFE[redacted:github_token]\xC3");
    CHECK(redacted(std::string{"a\0password=hunter2\0b", 20}).find("hunter2") == std::string::npos);
    CHECK(redacted("password=gr\xFCn\xE9 x") == "password=[redacted:password] x");
    CHECK(redacted("{\"password\":\"\xF0\x28hidden7\"}") ==
          "{\"password\":\"[redacted:password]\"}");
}

TEST_CASE("redactor: where a value ends") {
    CHECK(redacted("password=a1,b2 c") == "password=[redacted:password] c");
    CHECK(redacted("password=a1,b=c") == "password=[redacted:password],b=c");
    CHECK(redacted("f(password=a1, b=c)") == "f(password=[redacted:password], b=c)");
    CHECK(redacted("(password=a1)") == "(password=[redacted:password])");
    CHECK(redacted("password=a(1)") == "password=[redacted:password]");
    CHECK(redacted(R"("cmd":"x --password=a1\"")") ==
          R"("cmd":"x --password=[redacted:password]\"")");
    CHECK(redacted(R"("password":"a\"b1")") == R"("password":"[redacted:password]")");
    CHECK(redacted(R"({"password":["a1"]})") == R"({"password":["[redacted:password]"]})");
    CHECK(redacted(R"("password":"never closed)") == R"("password":"[redacted:password])");
}

TEST_CASE("redactor: a secret is found within a long value that is none") {
    const auto said = "the request was not accepted, " + std::string(1000, '.');
    CHECK(redacted("secret: \"" + said + " token=abcdef123456 x") ==
          "secret: \"" + said + " token=[redacted:secret] x");
}

TEST_CASE("redactor: of two finds that overlap the wider one gives the name") {
    CHECK(redacted("password=\"x " + token + " y\"") == "password=\"[redacted:password]\"");
    CHECK(redacted("password=" + token) == "password=[redacted:github_token]");
}

TEST_CASE("redactor: own rules replace the group, or all of the match") {
    const std::vector<RedactionRule> own = {{"badge", "B-[0-9]+"}, {"room", "room ([a-z]+)"}};
    CHECK(redacted("B-42 in room blue, B-43", own) ==
          "[redacted:badge] in room [redacted:room], [redacted:badge]");
    CHECK(redacted("B-42 " + token, own) == "[redacted:badge] [redacted:github_token]");
    CHECK(redacted("nothing", own) == "nothing");
}

TEST_CASE("redactor: own rules that find nothing but a place change nothing") {
    CHECK(redacted("two words", {{"edge", "\\b"}}) == "two words");
    CHECK(redacted("x= y=1", {{"maybe", "[xy]=([0-9]*)"}}) == "x= y=[redacted:maybe]");
}

TEST_CASE("redactor: own rules leave marks alone") {
    const std::vector<RedactionRule> own = {{"word", "[a-z]{5,}"}, {"rest", "rest: (.*)"}};
    const auto once = redacted("rest: a " + token + " longer", own);
    CHECK(once == "rest: [redacted:rest]");
    CHECK(redacted(once, own) == once);
    CHECK(redacted("[redacted:jwt]", own) == "[redacted:jwt]");
}

TEST_CASE("redactor: what only begins like a mark shelters nothing") {
    CHECK(redacted("[redacted:" + token + "]") == "[redacted:[redacted:github_token]]");
    CHECK(redacted("[redacted: " + token + " ]") == "[redacted: [redacted:github_token] ]");
    CHECK(redacted("[redacted:password=hunter2") == "[redacted:password=[redacted:password]");
}

TEST_CASE("redactor: own rules that make a large automaton are found all the same") {
    std::vector<RedactionRule> own;
    for (int at = 0; at < 20; ++at) {
        own.push_back(
            {"wide_" + std::to_string(at), "[a-q][^\\n]{200}" + std::to_string(at) + "!"});
    }
    own.push_back({"badge", "B-[0-9]+"});
    std::string line;
    for (int at = 0; at < 20000; ++at) {
        line += static_cast<char>('a' + (at * at / 7 + at) % 26);
    }
    CHECK(redacted(line + " B-42", own) == line + " [redacted:badge]");
}

TEST_CASE("redactor: a rule that cannot be used is named") {
    CHECK(why({"broken", "a(b"}) == "redaction rule 'broken': missing ): a(b");
    CHECK(why({"greedy", "x*"}) == "redaction rule 'greedy': the pattern matches the empty text");
    CHECK(why({"lookahead", "a(?=b)"}).find("'lookahead'") != std::string::npos);
    CHECK(why({"Not A Label", "x"}).find("'Not A Label'") != std::string::npos);
    CHECK(why({"", "x"}).find("a name is of") != std::string::npos);
}
