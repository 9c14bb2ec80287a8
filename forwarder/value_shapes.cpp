#include "forwarder/value_shapes.h"

#include "core/text.h"
#include "forwarder/text_classes.h"

#include <algorithm>
#include <array>
#include <string>

namespace paws::forwarder {

namespace {

constexpr std::array<std::string_view, 38> no_values = {
    "null",     "nil",      "none",       "true",     "false",      "yes",       "no",
    "on",       "off",      "undefined",  "empty",    "unset",      "set",       "required",
    "optional", "redacted", "[redacted]", "filtered", "[filtered]", "masked",    "[masked]",
    "hidden",   "[hidden]", "omitted",    "missing",  "invalid",    "incorrect", "expired",
    "string",   "str",      "text",       "boolean",  "bool",       "disabled",  "enabled",
    "present",  "unknown",  "n/a"};

constexpr std::array<std::string_view, 49> prose_words = {
    "incorrect", "invalid",  "required", "expired",  "missing",  "wrong",
    "not",       "no",       "is",       "requires", "needs",    "takes",
    "was",       "must",     "should",   "cannot",   "can",      "has",
    "have",      "for",      "to",       "from",     "with",     "via",
    "in",        "on",       "or",       "and",      "the",      "a",
    "an",        "this",     "option",   "flag",     "argument", "authentication",
    "accepted",  "rejected", "changed",  "updated",  "failed",   "error",
    "unable",    "too",      "does",     "instead",  "when",     "if",
    "at"};

template <class Words>
bool is_one_of(std::string_view word, const Words& words) {
    return std::find(words.begin(), words.end(), word) != words.end();
}

// DB_PASSWORD2, dbPassword; not ecret2024.
bool is_variable(std::string_view name) {
    const bool formed = !name.empty() && !is_digit(name.front()) &&
                        all(name, [](char byte) { return is_alphanumeric(byte) || byte == '_'; });
    return formed && (!any(name, is_digit) || !any(name, is_lower));
}

bool is_reference(std::string_view value) {
    if (value.front() == '$') {
        const auto name = value.substr(1);
        return name.starts_with('{') || name.starts_with('(') || name.starts_with("env:") ||
               is_variable(name);
    }
    if (value.front() == '%') {  // %VAR%, %s, %(name)s
        const auto name = value.substr(1);
        return name.starts_with('(') || name == "s" || name == "v" || name == "q" || name == "d" ||
               (name.size() > 1 && name.ends_with('%') &&
                all(name.substr(0, name.size() - 1),
                    [](char byte) { return is_alphanumeric(byte) || byte == '_'; }));
    }
    return value.starts_with("{{") || value.starts_with("#{") || value.starts_with("!vault") ||
           (value.front() == '{' && value.back() == '}') ||
           (value.front() == '@' && all(value.substr(1), is_letter));
}

// "<your-password>", "(none", whose rest stands behind a blank; not "(a8Fj!kd92".
bool is_said_in_brackets(std::string_view value) {
    return value.back() == (value.front() == '<' ? '>' : ')') ||
           all(value.substr(1), [](char byte) {
               return is_letter(byte) || contains("-_.'", {&byte, 1});
           });
}

bool is_uniform(std::string_view value) {
    return all(value, [first = value.front()](char byte) { return byte == first; });
}

}  // namespace

bool is_placeholder(std::string_view value) {
    if (value.empty() || is_reference(value)) {
        return true;
    }
    const auto core = without_punctuation(value);
    if (core.empty() ||
        all(core,
            [](char byte) {
                return contains("*.-_?#", {&byte, 1});
            }) ||
        (core.size() > 1 && is_uniform(core) && (core.front() == 'x' || core.front() == 'X'))) {
        return true;
    }
    const bool in_brackets = (value.front() == '<' || value.front() == '(') && value.size() > 1 &&
                             is_lower(static_cast<char>(value[1] | 0x20)) &&
                             is_said_in_brackets(value);
    const bool masked = value.size() > 3 && std::count(value.begin(), value.end(), '*') + 1 >=
                                                static_cast<std::ptrdiff_t>(value.size());
    return in_brackets || masked ||
           (core.size() <= 12 && is_one_of(std::string_view{lower_case(core)}, no_values));
}

bool is_code(std::string_view value) {
    const auto name_end = std::find_if_not(value.begin(), value.end(), [](char byte) {
        return is_letter(byte) || byte == '_' || byte == '.';
    });
    const auto then = value.substr(static_cast<std::size_t>(name_end - value.begin()));
    const auto name = value.substr(0, value.size() - then.size());
    if (name.empty()) {
        return false;
    }
    const bool dotted = contains(name, ".") && !name.ends_with('.');
    const bool plain = all(then, [](char byte) { return !is_digit(byte); });
    return then.empty() ? dotted
                        : plain && (then.front() == '(' || (then.front() == '[' && dotted));
}

bool is_place(std::string_view value) {
    if (value.starts_with("http://") || value.starts_with("https://")) {
        return true;
    }
    return (value.starts_with('/') || value.starts_with("./") || value.starts_with("~/")) &&
           std::count(value.begin(), value.end(), '/') > 1 && !any(value, is_upper) &&
           all(value, [](char byte) {
               return is_alphanumeric(byte) || contains("/._-~", std::string_view{&byte, 1});
           });
}

bool is_word(std::string_view value) {
    return all(value, [](char byte) {
        return is_letter(byte) || byte == '-' || byte == '.' || byte == '!';
    });
}

std::string_view without_punctuation(std::string_view word) {
    while (!word.empty() && contains(".,;:!?)", word.substr(word.size() - 1))) {
        word.remove_suffix(1);
    }
    return word;
}

bool is_prose_word(std::string_view value) {
    return is_one_of(std::string_view{lower_case(without_punctuation(value.substr(0, 20)))},
                     prose_words);
}

bool is_sentence(std::string_view value) {
    if (!contains(value, " ") || value.size() > 200) {
        return false;
    }
    bool said = false;
    for (auto word = take_word(value); !word.empty(); word = take_word(value)) {
        if (!is_word(without_punctuation(word)) && !all(word, is_digit)) {
            return false;
        }
        said = said || is_prose_word(word);
    }
    return said;
}

bool is_name(std::string_view value) {
    std::size_t piece = 0;
    bool digits = false;
    for (const char byte : value) {
        const bool separator = contains("-._/:@", std::string_view{&byte, 1});
        piece = separator ? 0 : piece + 1;
        digits = !separator && (digits || is_digit(byte));
        if ((!separator && !is_lower(byte) && !is_digit(byte)) || (digits && piece >= 8)) {
            return false;
        }
    }
    return any(value, is_lower);
}

bool looks_plain(std::string_view value) {
    const bool capitalized = is_upper(value.front()) && all(value.substr(1), is_lower);
    return capitalized || all(value, is_lower) ||
           all(value, [](char byte) { return is_upper(byte) || byte == '_' || byte == '-'; }) ||
           (value.size() < 20 && all(value, [](char byte) {
                return is_digit(byte) || contains(".,%-+/", std::string_view{&byte, 1});
            }));
}

bool ends_uniform(std::string_view value) {
    const auto prefix = value.find_last_not_of(value.back());
    return prefix < 14 && value.size() - prefix > 12;
}

}  // namespace paws::forwarder
