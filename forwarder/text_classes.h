// Text classes: what the bytes of a word are, without locale.

#pragma once

#include <algorithm>
#include <string_view>

namespace paws::forwarder {

constexpr bool is_lower(char byte) {
    return byte >= 'a' && byte <= 'z';
}
constexpr bool is_upper(char byte) {
    return byte >= 'A' && byte <= 'Z';
}
constexpr bool is_letter(char byte) {
    return is_lower(byte) || is_upper(byte);
}
constexpr bool is_digit(char byte) {
    return byte >= '0' && byte <= '9';
}
constexpr bool is_alphanumeric(char byte) {
    return is_letter(byte) || is_digit(byte);
}
constexpr bool is_base64(char byte) {
    return is_alphanumeric(byte) || byte == '+' || byte == '/' || byte == '=';
}

constexpr bool contains(std::string_view text, std::string_view part) {
    return text.find(part) != std::string_view::npos;
}

template <class Class>
bool all(std::string_view text, Class belongs) {
    return std::all_of(text.begin(), text.end(), belongs);
}

template <class Class>
bool any(std::string_view text, Class belongs) {
    return std::any_of(text.begin(), text.end(), belongs);
}

}  // namespace paws::forwarder
