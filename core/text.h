// Text: small pure helpers for reading what the kernel and the runner print, and for showing text
// that somebody else wrote.

#pragma once

#include <charconv>
#include <cmath>
#include <concepts>
#include <cstdint>
#include <cstring>
#include <optional>
#include <string>
#include <string_view>
#include <system_error>

namespace paws {

inline constexpr std::string_view blanks = " \t\r\n";

inline std::string_view trim(std::string_view text) {
    const auto first = text.find_first_not_of(blanks);
    if (first == std::string_view::npos) {
        return {};
    }
    return text.substr(first, text.find_last_not_of(blanks) - first + 1);
}

// Takes the text up to `separator` off the front of `rest`; all of it when there is no separator.
inline std::string_view take_until(std::string_view& rest, char separator) {
    const auto end = rest.find(separator);
    const auto taken = rest.substr(0, end);
    rest.remove_prefix(end == std::string_view::npos ? rest.size() : end + 1);
    return taken;
}

// Takes the next word off the front of `rest`; empty when there is none.
inline std::string_view take_word(std::string_view& rest) {
    const auto first = rest.find_first_not_of(blanks);
    if (first == std::string_view::npos) {
        rest = {};
        return {};
    }
    rest.remove_prefix(first);
    const auto word = rest.substr(0, rest.find_first_of(blanks));
    rest.remove_prefix(word.size());
    return word;
}

// ASCII letters only: for words of protocols, not of people.
inline std::string lower_case(std::string_view text) {
    std::string lowered{text};
    for (auto& letter : lowered) {
        letter = letter >= 'A' && letter <= 'Z' ? static_cast<char>(letter - 'A' + 'a') : letter;
    }
    return lowered;
}

// The whole of `text` as a number; no sign for unsigned types, no blanks, no overflow.
template <std::integral Number>
std::optional<Number> parse_integer(std::string_view text, int base = 10) {
    Number number{};
    const auto [end, problem] =
        std::from_chars(text.data(), text.data() + text.size(), number, base);
    if (problem != std::errc{} || end != text.data() + text.size()) {
        return std::nullopt;
    }
    return number;
}

// The whole of `text` as a finite number: "nan" and "inf" are words here.
inline std::optional<double> parse_decimal(std::string_view text) {
    double number = 0;
    const auto [end, problem] = std::from_chars(text.data(), text.data() + text.size(), number);
    if (problem != std::errc{} || end != text.data() + text.size() || !std::isfinite(number)) {
        return std::nullopt;
    }
    return number;
}

// `text` as valid UTF-8 without control characters, at most `limit` bytes and never cut inside a
// character: safe for a terminal, a label or a log line. What it cannot keep becomes U+FFFD.
std::string printable(std::string_view text, std::size_t limit = 256);

// `text` with each byte that is not UTF-8 replaced by U+FFFD.
std::string valid_utf8(std::string_view text);

namespace detail {

// How long a UTF-8 character is that begins with this byte; 0 when none does.
constexpr std::size_t utf8_length_after(unsigned char lead) {
    if (lead < 0x80) {
        return 1;
    }
    if (lead < 0xC2 || lead > 0xF4) {
        return 0;
    }
    return lead < 0xE0 ? 2 : lead < 0xF0 ? 3 : 4;
}

// The second byte decides over forms longer than need be, surrogates and what is beyond U+10FFFF.
constexpr bool is_utf8_pair(unsigned char lead, unsigned char second) {
    const unsigned lowest = lead == 0xE0 ? 0xA0 : lead == 0xF0 ? 0x90 : 0x80;
    const unsigned highest = lead == 0xED ? 0x9F : lead == 0xF4 ? 0x8F : 0xBF;
    return second >= lowest && second <= highest;
}

// The length of the valid UTF-8 character at the front of `text`, 0 when there is none.
inline std::size_t utf8_length(std::string_view text) {
    const auto byte = [&](std::size_t at) { return static_cast<unsigned char>(text[at]); };
    const auto length = utf8_length_after(byte(0));
    if (length < 2 || length > text.size() || !is_utf8_pair(byte(0), byte(1))) {
        return length == 1 ? 1 : 0;
    }
    for (std::size_t at = 2; at < length; ++at) {
        if ((byte(at) & 0xC0U) != 0x80) {
            return 0;
        }
    }
    return length;
}

// Of one character of valid UTF-8, or one byte that is none: then its value.
inline char32_t code_point(std::string_view character) {
    const auto lead = static_cast<unsigned char>(character.front());
    if (character.size() == 1) {
        return lead;
    }
    char32_t code = lead & (0xFFU >> (character.size() + 1));
    for (const char byte : character.substr(1)) {
        code = (code << 6U) | (static_cast<unsigned char>(byte) & 0x3FU);
    }
    return code;
}

// C0, DEL, C1 and the characters that turn the direction of the text around them.
inline bool is_control(std::string_view character) {
    const auto byte = [&](std::size_t at) { return static_cast<unsigned char>(character[at]); };
    if (character.size() == 1) {
        return byte(0) < 0x20 || byte(0) == 0x7F;
    }
    if (character.size() == 2) {
        return byte(0) == 0xC2 && byte(1) < 0xA0;
    }
    const bool embedding =
        byte(0) == 0xE2 && byte(1) == 0x80 &&
        ((byte(2) >= 0xA8 && byte(2) <= 0xAE) || byte(2) == 0x8E || byte(2) == 0x8F);
    const bool isolate = byte(0) == 0xE2 && byte(1) == 0x81 && byte(2) >= 0xA6 && byte(2) <= 0xA9;
    return embedding || isolate;
}

}  // namespace detail

inline std::string printable(std::string_view text, std::size_t limit) {
    static constexpr std::string_view replacement = "\xEF\xBF\xBD";
    std::string shown;
    while (!text.empty()) {
        const auto length = detail::utf8_length(text);
        const auto character = text.substr(0, length == 0 ? 1 : length);
        const bool kept = length != 0 && !detail::is_control(character);
        const auto piece = kept ? character : replacement;
        if (shown.size() + piece.size() > limit) {
            break;
        }
        shown += piece;
        text.remove_prefix(character.size());
    }
    return shown;
}

// The front of `text`, at most `limit` bytes, that does not end inside a character. Told by these
// bytes alone: what comes after them may not be there yet.
inline std::string_view whole_characters(std::string_view text, std::size_t limit) {
    text = text.substr(0, limit);
    for (std::size_t back = 1; back <= 3 && back < text.size(); ++back) {
        const auto byte = static_cast<unsigned char>(text[text.size() - back]);
        if ((byte & 0xC0U) != 0x80) {
            return detail::utf8_length_after(byte) > back ? text.substr(0, text.size() - back)
                                                          : text;
        }
    }
    return text;
}

// Most text that is shown is.
// Eight bytes at a time: it is asked of each log line.
inline bool is_ascii(std::string_view text) {
    std::uint64_t all = 0;
    for (; text.size() >= sizeof all; text.remove_prefix(sizeof all)) {
        std::uint64_t bytes = 0;
        std::memcpy(&bytes, text.data(), sizeof bytes);
        all |= bytes;
    }
    for (const char c : text) {
        all |= static_cast<unsigned char>(c);
    }
    return (all & 0x8080808080808080U) == 0;
}

inline std::string valid_utf8(std::string_view text) {
    if (is_ascii(text)) {
        return std::string{text};
    }
    std::string valid;
    while (!text.empty()) {
        const auto length = detail::utf8_length(text);
        valid += length != 0 ? text.substr(0, length) : "\xEF\xBF\xBD";
        text.remove_prefix(length != 0 ? length : 1);
    }
    return valid;
}

}  // namespace paws
