// Redaction rules: what counts as a secret in a log line, as data.

#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace paws::forwarder {

// A rule of the operator ([[logs.redact]]), RE2 syntax. What the first group matches is replaced,
// or the whole match where there is no group.
struct RedactionRule {
    std::string name;  // a label value: small letters, digits and _
    std::string pattern;

    bool operator==(const RedactionRule&) const = default;
};

// A match of a rule's pattern; the views are of one line.
struct Found {
    std::string_view line;
    std::string_view whole;
    std::string_view value;  // the first group that took part
};

// A rule that is built in. Its pattern is tried only on lines that hold one of its triggers, in
// capitals or not. `secret` says which part of the line is the secret: empty, if it is none.
struct BuiltInRule {
    std::string_view name;
    std::vector<std::string_view> triggers;
    std::string pattern;
    std::string_view (*secret)(const Found&);
    std::string_view also = {};  // must stand in the line too, as it is written
};

// The special before the general: of two that find the same text the first one names it.
std::vector<BuiltInRule> built_in_rules();

// Not in the table: a key goes on over several lines (private_key.h).
inline constexpr std::string_view private_key_rule = "private_key";

}  // namespace paws::forwarder
