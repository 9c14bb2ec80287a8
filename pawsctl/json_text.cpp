#include "pawsctl/json_text.h"

#include "core/text.h"

#include <algorithm>
#include <cstddef>
#include <cstdint>

namespace paws::pawsctl {

namespace {

// Takes one token off the front of valid JSON: a string, a bracket, a comma, a colon, or a word.
std::string_view take_token(std::string_view& rest) {
    static constexpr std::string_view marks = "{}[]:,";
    rest.remove_prefix(std::min(rest.find_first_not_of(blanks), rest.size()));
    std::size_t end = 0;
    if (rest.starts_with('"')) {
        end = 1;
        while (end < rest.size() && rest[end] != '"') {
            end += rest[end] == '\\' ? 2U : 1U;
        }
        ++end;
    } else if (!rest.empty() && marks.find(rest.front()) != std::string_view::npos) {
        end = 1;
    } else {
        end = rest.find_first_of(" \t\r\n{}[]:,\"");
    }
    const auto token = rest.substr(0, end);
    rest.remove_prefix(token.size());
    return token;
}

// Takes a whole value off the front of valid JSON.
std::string_view take_value(std::string_view& rest) {
    rest.remove_prefix(std::min(rest.find_first_not_of(blanks), rest.size()));
    const auto* begin = rest.data();
    std::size_t depth = 0;
    do {
        const auto token = take_token(rest);
        if (token.empty()) {
            return {};
        }
        depth += token == "{" || token == "[" ? 1U : 0U;
        depth -= token == "}" || token == "]" ? 1U : 0U;
    } while (depth > 0);
    return {begin, static_cast<std::size_t>(rest.data() - begin)};
}

// Every control character is below U+10000.
std::string escaped(char32_t code) {
    static constexpr std::string_view digits = "0123456789abcdef";
    std::string written{"\\u"};
    for (const unsigned shift : {12U, 8U, 4U, 0U}) {
        written += digits[(code >> shift) & 0xFU];
    }
    return written;
}

std::string safe(std::string_view token) {
    std::string written;
    while (!token.empty()) {
        const auto length = std::max<std::size_t>(detail::utf8_length(token), 1);
        const auto character = token.substr(0, length);
        written += detail::is_control(character) ? escaped(detail::code_point(character))
                                                 : std::string{character};
        token.remove_prefix(length);
    }
    return written;
}

}  // namespace

std::string_view member_text(std::string_view valid_object, std::string_view key) {
    const auto quoted = std::string{'"'}.append(key).append(1, '"');
    auto rest = valid_object;
    take_token(rest);  // {
    while (!rest.empty()) {
        const auto name = take_token(rest);
        take_token(rest);  // :
        const auto value = take_value(rest);
        if (name == quoted) {
            return value;
        }
        take_token(rest);  // , or }
    }
    return {};
}

std::string pretty(std::string_view valid) {
    std::string written;
    std::size_t depth = 0;
    const auto new_line = [&] { written.append("\n").append(2 * depth, ' '); };
    auto rest = valid;
    for (auto token = take_token(rest); !token.empty(); token = take_token(rest)) {
        auto following = rest;
        if (token == "{" || token == "[") {
            const auto next = take_token(following);
            if (next == "}" || next == "]") {
                written += std::string{token} + std::string{next};
                rest = following;
                continue;
            }
            written += token;
            ++depth;
            new_line();
        } else if (token == "}" || token == "]") {
            --depth;
            new_line();
            written += token;
        } else if (token == ",") {
            written += token;
            new_line();
        } else {
            written += token == ":" ? ": " : safe(token);
        }
    }
    return written;
}

}  // namespace paws::pawsctl
