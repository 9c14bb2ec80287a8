#include "forwarder/private_key.h"

#include "core/text.h"
#include "forwarder/text_classes.h"

#include <algorithm>
#include <array>
#include <optional>

#include <re2/re2.h>

namespace paws::forwarder {

// Of PuTTY's files only what is private is between marks.
const char* const key_mark_pattern =
    R"(-{4,5}(?:[ +]|%20)?(BEGIN|END)(?:(?:[ +]|%20)[A-Z0-9]+){0,3}(?:[ +]|%20))"
    R"(PRIVATE(?:[ +]|%20)KEY(?:(?:[ +]|%20)BLOCK)?(?:[ +]|%20)?-{4,5})"
    R"(|Private-(Lines|MAC|Hash)(?::|%3[Aa])(?:[ +]|%20)?[0-9a-f]+)";

namespace {

struct Mark {
    std::size_t begin = 0;
    std::size_t end = 0;
    bool opens = false;
};

std::optional<Mark> next_mark(const re2::RE2& mark, std::string_view line, std::size_t from) {
    std::array<re2::StringPiece, 3> groups;
    if (from > line.size() || !mark.Match({line.data(), line.size()},
                                          from,
                                          line.size(),
                                          re2::RE2::UNANCHORED,
                                          groups.data(),
                                          static_cast<int>(groups.size()))) {
        return std::nullopt;
    }
    const auto begin = static_cast<std::size_t>(groups[0].data() - line.data());
    return Mark{begin, begin + groups[0].size(), groups[1] == "BEGIN" || groups[2] == "Lines"};
}

// A line break, as such or written in JSON, in a URL or by syslog.
std::size_t break_size(std::string_view text) {
    constexpr std::array<std::string_view, 12> breaks = {
        "\n", "\r", "\\n", "\\r", "\\\\n", "\\\\r", "%0A", "%0a", "%0D", "%0d", "#012", "#015"};
    for (const auto each : breaks) {
        if (text.starts_with(each)) {
            return each.size();
        }
    }
    return 0;
}

bool begins_header(std::string_view text) {
    constexpr std::array<std::string_view, 6> headers = {
        "Proc-Type:", "DEK-Info:", "Version:", "Comment:", "Charset:", "Subject:"};
    return std::any_of(headers.begin(), headers.end(), [&](std::string_view header) {
        return text.starts_with(header);
    });
}

bool looks_random(std::string_view word) {
    return word.size() >= 32 && any(word, is_digit) && any(word, is_upper) && any(word, is_lower);
}

bool has_random_run(std::string_view text) {
    while (!text.empty()) {
        const auto end = std::find_if_not(text.begin(), text.end(), is_base64);
        const auto size = static_cast<std::size_t>(end - text.begin());
        if (looks_random(text.substr(0, size))) {
            return true;
        }
        text.remove_prefix(std::min(size + 1, text.size()));
    }
    return false;
}

// What is between BEGIN and END, or behind a BEGIN: a key, or the words of somebody about one.
bool holds_key(std::string_view inner) {
    const auto text = trim(inner);
    return !any(text, is_alphanumeric) || break_size(inner) != 0 || break_size(text) != 0 ||
           begins_header(text) || has_random_run(text);
}

std::string_view without_wrapping(std::string_view line) {
    while (!line.empty()) {
        const auto last = line.find_last_not_of(" \t\r\n\"',+;\\");
        line = line.substr(0, last == std::string_view::npos ? 0 : last + 1);
        const bool escaped = line.ends_with("\\n") || line.ends_with("\\r");
        if (!escaped) {
            break;
        }
        line.remove_suffix(2);
    }
    const auto first = line.find_first_not_of(" \t\"'+>|");
    return first == std::string_view::npos ? std::string_view{} : line.substr(first);
}

// A time, a level, a unit with its number: short, or not all letters.
bool is_of_prefix(std::string_view word) {
    return word.size() <= 5 || !all(word, is_letter);
}

bool follows_prefix(std::string_view prefix, std::string_view word) {
    const bool plain = all(word, is_lower) || all(word, is_digit);
    if (!prefix.empty() && plain) {
        return false;
    }
    for (auto each = take_word(prefix); !each.empty(); each = take_word(prefix)) {
        if (!is_of_prefix(each)) {
            return false;
        }
    }
    return true;
}

}  // namespace

std::vector<KeyPart> key_parts(const re2::RE2& mark, std::string_view line, std::size_t from) {
    std::vector<KeyPart> parts;
    auto begin = next_mark(mark, line, from);
    while (begin) {
        const auto next = next_mark(mark, line, begin->end);
        const auto inner_end = next ? next->begin : line.size();
        if (begin->opens && holds_key(line.substr(begin->end, inner_end - begin->end))) {
            const bool ends = next && !next->opens;
            parts.push_back({begin->begin, ends ? next->end : inner_end, !next});
        }
        begin = next;
    }
    return parts;
}

std::size_t end_of_key(const re2::RE2& mark, std::string_view line) {
    const auto first = next_mark(mark, line, 0);
    return first && !first->opens ? first->end : std::string_view::npos;
}

bool may_be_of_key(std::string_view line) {
    const auto text = without_wrapping(line);
    if (text.empty()) {
        return true;
    }
    const auto last_blank = text.find_last_of(" \t|>");
    const auto word = last_blank == std::string_view::npos ? text : text.substr(last_blank + 1);
    const auto prefix = text.substr(0, text.size() - word.size());
    const auto header = std::find_if(text.begin(), text.end(), is_upper);
    if (begins_header(text.substr(static_cast<std::size_t>(header - text.begin())))) {
        return true;
    }
    return all(word, is_base64) && (word.size() >= 40 || follows_prefix(prefix, word));
}

}  // namespace paws::forwarder
