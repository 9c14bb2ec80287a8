#include "core/text.h"
#include "forwarder/redaction_rules.h"
#include "forwarder/redactor.h"
#include "tests/forwarder/corpus.h"

#include <algorithm>
#include <map>
#include <set>
#include <string>

#include <doctest/doctest.h>
#include <re2/re2.h>

using namespace paws::forwarder;
using paws::tests::corpus_lines;
using paws::tests::secret_lines;

namespace {

struct Redacted {
    std::string text;
    std::map<std::string, std::uint64_t> counts;  // what the line added to them
};

Redacted redacted(const std::string& line) {
    static auto redactor = Redactor::create();
    REQUIRE(redactor);
    const auto before = redactor->counts();
    OpenKey open;
    Redacted result{std::string{redactor->redact(line, open)}, {}};
    for (std::size_t at = 0; at < before.size(); ++at) {
        if (redactor->counts()[at] > before[at]) {
            result.counts[redactor->rules()[at]] = redactor->counts()[at] - before[at];
        }
    }
    return result;
}

// The line with a mark for its secret; of a private key BEGIN and END go too.
std::string expected(const paws::tests::SecretLine& each) {
    auto text = each.line;
    const auto mark = "[redacted:" + each.rule + "]";
    static const re2::RE2 key{R"(-+ ?BEGIN.*END.*?KEY(?:.BLOCK)? ?-+)"};
    if (each.rule == "private_key" && re2::RE2::Replace(&text, key, mark)) {
        return text;
    }
    return text.replace(text.find(each.secret), each.secret.size(), mark);
}

}  // namespace

TEST_CASE("redactor: each line of the corpus loses its secret and nothing else") {
    const auto lines = secret_lines();
    CHECK(lines.size() >= 300);
    for (const auto& each : lines) {
        CAPTURE(each.line);
        REQUIRE(each.line.find(each.secret) != std::string::npos);
        const auto result = redacted(each.line);
        CHECK(result.text.find(each.secret) == std::string::npos);
        CHECK(result.text == expected(each));
        CHECK(result.counts == std::map<std::string, std::uint64_t>{{each.rule, 1}});
    }
}

TEST_CASE("redactor: what looks like a secret and is none stays as it is") {
    const auto lines = corpus_lines("lookalikes.txt");
    CHECK(lines.size() >= 300);
    for (const auto& line : lines) {
        const auto result = redacted(line);
        CHECK(result.text == line);
        CHECK(result.counts.empty());
    }
}

TEST_CASE("redactor: a redacted line is redacted no further") {
    auto redactor = Redactor::create();
    REQUIRE(redactor);
    for (const auto& each : secret_lines()) {
        OpenKey open;
        const std::string once{redactor->redact(each.line, open)};
        const auto counts = redactor->counts();
        CHECK(redactor->redact(once, open) == once);
        CHECK(redactor->counts() == counts);
    }
}

TEST_CASE("redactor: secrets are found at the start, at the end, and beside those of other rules") {
    const auto lines = secret_lines();
    for (std::size_t at = 0; at < lines.size(); ++at) {
        const auto& one = lines[at];
        const auto& other = lines[(at * 7 + 3) % lines.size()];
        for (const auto* between : {" ", " | ", "\t", "\n", " \xFF\xC3 "}) {
            CAPTURE(one.line);
            CAPTURE(other.line);
            const auto both = redacted(one.line + between + other.line).text;
            CHECK(both.find(one.secret) == std::string::npos);
            CHECK(both.find(other.secret) == std::string::npos);
        }
    }
}

TEST_CASE("redactor: each rule has five lines that it changes and there are five that try it") {
    std::map<std::string, std::size_t> changed;
    for (const auto& each : secret_lines()) {
        ++changed[each.rule];
    }
    const auto lookalikes = corpus_lines("lookalikes.txt");
    std::set<std::string> names{std::string{private_key_rule}};
    std::map<std::string, std::size_t> tried;
    for (const auto& rule : built_in_rules()) {
        names.emplace(rule.name);
        tried[std::string{rule.name}] += static_cast<std::size_t>(
            std::count_if(lookalikes.begin(), lookalikes.end(), [&](const std::string& line) {
                const auto lowered = paws::lower_case(line);
                return std::any_of(rule.triggers.begin(), rule.triggers.end(), [&](auto word) {
                    return lowered.find(word) != std::string::npos;
                });
            }));
    }
    for (const auto& name : names) {
        CAPTURE(name);
        CHECK(changed[name] >= 5);
        CHECK((tried[name] >= 5 || name == private_key_rule));
    }
}

TEST_CASE("redactor: the patterns of the rules that are built in are sound") {
    re2::RE2::Options options;
    options.set_encoding(re2::RE2::Options::EncodingLatin1);
    const auto rules = built_in_rules();
    CHECK(rules.size() < 63);  // a bit each, and one for private keys
    for (const auto& rule : rules) {
        CAPTURE(rule.pattern);
        const re2::RE2 pattern{rule.pattern, options};
        CHECK(pattern.ok());
        CHECK(pattern.NumberOfCapturingGroups() < 12);
        CHECK(!re2::RE2::PartialMatch("", pattern));
        for (const auto word : rule.triggers) {
            CHECK(word.size() >= 3);
            CHECK(word == paws::lower_case(word));
        }
    }
}
