#include "forwarder/secret_values.h"

#include "core/text.h"
#include "forwarder/text_classes.h"
#include "forwarder/value_shapes.h"

#include <algorithm>
#include <array>

namespace paws::forwarder {

namespace {

std::string_view after(const Found& found, std::string_view part) {
    return found.line.substr(static_cast<std::size_t>(part.data() - found.line.data()) +
                             part.size());
}

// What the pattern matched before the value: the name, the separator, an opening quote.
std::string_view head(const Found& found) {
    return found.whole.substr(0, static_cast<std::size_t>(found.value.data() - found.whole.data()));
}

bool is_quoted(const Found& found) {
    const auto before = head(found);
    return before.ends_with('"') || before.ends_with('\'') || before.ends_with("%22") ||
           before.ends_with("&quot;");
}

bool may_end_pair(char byte) {
    return byte == '&' || byte == ';' || byte == ',';
}

// Behind a `,` inside a list: the next pair or the end of it all, and no more of the value. Names
// in connection strings are of several words.
bool is_next_pair(std::string_view rest, char separator) {
    rest = rest.substr(0, 64);
    const auto name_end = std::find_if_not(rest.begin(), rest.end(), [&](char byte) {
        return is_alphanumeric(byte) || contains("_-.$[", {&byte, 1}) ||
               (byte == ' ' && separator == ';' && byte != rest.front());
    });
    const auto then = rest.substr(static_cast<std::size_t>(name_end - rest.begin()));
    if (then.size() == rest.size()) {
        return rest.empty() || contains(" \t\r\n\"'`\\}])%:=", rest.substr(0, 1));
    }
    return !then.empty() && contains("=:%]\"", then.substr(0, 1));
}

// A value that ends with a bracket it did not open, a comma or the escape of a quote: not its own.
std::string_view without_rest(std::string_view value) {
    constexpr std::string_view closing = ")]}>";
    constexpr std::string_view opening = "([{<";
    while (!value.empty()) {
        const auto bracket = closing.find(value.back());
        const bool foreign = bracket != std::string_view::npos
                                 ? value.find(opening[bracket]) == std::string_view::npos
                                 : value.back() == '\\' || may_end_pair(value.back());
        if (!foreign) {
            break;
        }
        value.remove_suffix(1);
    }
    return value;
}

// A password may hold what ends a pair: `a=x,y` goes on, and ends in `a=x,b=y`.
std::string_view whole_value(const Found& found) {
    if (is_quoted(found)) {
        return found.value;
    }
    auto rest = after(found, found.value);
    while (!rest.empty() && may_end_pair(rest.front()) &&
           !is_next_pair(rest.substr(1), rest.front())) {
        const auto piece = rest.substr(1).find_first_of(" \t\r\n\"'`&;,");
        rest.remove_prefix(piece == std::string_view::npos ? rest.size() : piece + 1);
    }
    const auto begin = static_cast<std::size_t>(found.value.data() - found.line.data());
    return without_rest(found.line.substr(begin, found.line.size() - rest.size() - begin));
}

// A word of letters after "name: ", where people write: said of the secret if more such words
// follow.
bool is_said(const Found& found, std::string_view value) {
    const auto before = head(found);
    if (is_quoted(found) || !before.ends_with(' ') || contains(before, "=") || !is_word(value)) {
        return false;
    }
    auto rest = after(found, value);
    rest = rest.substr(0, rest.find('\n'));
    auto next = take_word(rest);
    next = next.substr(0, std::max<std::size_t>(next.find("[redacted:"), 1));
    return is_prose_word(value) ||
           (!next.empty() && !next.ends_with(':') && is_word(without_punctuation(next)) &&
            !any(next.substr(1), is_upper));
}

// `a_password= other=x`: the shell's empty value, and the next name.
bool is_next_name(const Found& found, std::string_view value) {
    const auto before = head(found);
    const auto sign = trim(before);
    const auto name_end = std::find_if_not(
        value.begin(), value.end(), [](char byte) { return is_alphanumeric(byte) || byte == '_'; });
    return before.ends_with(' ') && sign.ends_with('=') && !sign.ends_with(" =") &&
           name_end != value.end() && *name_end == '=' && name_end + 1 != value.end() &&
           *(name_end + 1) != '=';
}

bool is_nothing(std::string_view value) {
    return (value.starts_with('{') && value.ends_with(':')) || value.empty() ||
           (value.size() < 4 && !any(value, is_alphanumeric)) || is_placeholder(value) ||
           is_place(value);
}

bool is_cookie_attribute(std::string_view name) {
    constexpr std::array<std::string_view, 9> attributes = {"path",
                                                            "domain",
                                                            "expires",
                                                            "max-age",
                                                            "samesite",
                                                            "version",
                                                            "priority",
                                                            "comment",
                                                            "secure"};
    const auto lowered = lower_case(name.substr(0, 10));
    return std::find(attributes.begin(), attributes.end(), lowered) != attributes.end();
}

// Where the next cookie or attribute begins: some lists are joined by commas, some values hold one.
std::size_t end_of_cookie(std::string_view cookies) {
    auto end = cookies.find_first_of(";,");
    while (end != std::string_view::npos && cookies[end] == ',' &&
           !contains(" \t\\\"'", cookies.substr(end + 1, 1))) {
        end = cookies.find_first_of(";,", end + 1);
    }
    return std::min(end, cookies.size());
}

// What a cookie holds, if it is no setting like a language; empty else.
std::string_view cookie_value(std::string_view cookie) {
    constexpr std::string_view around = " \t\\\"'";
    cookie.remove_prefix(std::min(cookie.find_first_not_of(around), cookie.size()));
    const auto sign = cookie.find('=');
    if (sign == std::string_view::npos || is_cookie_attribute(cookie.substr(0, sign))) {
        return {};
    }
    auto value = cookie.substr(sign + 1);
    value.remove_prefix(std::min(value.find_first_not_of(around), value.size()));
    value = without_rest(value.substr(0, value.find_first_of(around)));
    const bool none = value.size() < 8 || is_placeholder(value) || looks_plain(value) ||
                      is_name(value) || is_place(value) || is_code(value);
    return none ? std::string_view{} : value;
}

// https://x-access-token:...@host, where the name is a user's: url_password looks at it.
bool is_user_of_url(const Found& found) {
    auto before =
        found.line.substr(0, static_cast<std::size_t>(found.whole.data() - found.line.data()));
    while (!before.empty() &&
           (is_alphanumeric(before.back()) || contains("_-.", {&before.back(), 1}))) {
        before.remove_suffix(1);
    }
    return before.ends_with("://");
}

// MYSQL_PWD=..., DB_PASS=...: what stands there is a password, however plain.
bool is_of_variable(const Found& found) {
    const auto at = static_cast<std::size_t>(found.whole.data() - found.line.data());
    const bool is_part = found.whole.front() == '_' || (at > 0 && found.line[at - 1] == '_');
    return is_part && !any(head(found), is_lower) && trim(head(found)).ends_with('=');
}

bool is_no_value(const Found& found, std::string_view value) {
    return is_nothing(value) || (!is_quoted(found) && is_code(value)) || is_user_of_url(found) ||
           is_next_name(found, value);
}

}  // namespace

std::string_view any_value(const Found& found) {
    return is_placeholder(found.value) ? std::string_view{} : found.value;
}

std::string_view strong_value(const Found& found) {
    const auto value = whole_value(found);
    const bool none = is_no_value(found, value) || is_sentence(value) ||
                      (!is_quoted(found) && head(found).ends_with(' ') && looks_plain(value) &&
                       !contains(head(found), "=")) ||
                      is_said(found, value);
    return none ? std::string_view{} : value;
}

std::string_view password_value(const Found& found) {
    const auto value = whole_value(found);
    const bool none = is_no_value(found, value) || is_sentence(value) || is_said(found, value);
    return none ? std::string_view{} : value;
}

std::string_view weak_value(const Found& found) {
    const auto value = whole_value(found);
    const bool none = value.size() < 6 || is_no_value(found, value) || is_sentence(value) ||
                      looks_plain(value) || is_name(value) || contains(value, "://") ||
                      contains(value, " ");
    return none ? std::string_view{} : value;
}

std::string_view pass_value(const Found& found) {
    const auto value = whole_value(found);
    const bool plain = looks_plain(value) && !is_of_variable(found);
    const bool none = value.size() < 5 || is_no_value(found, value) || value.front() == '/' ||
                      plain || is_said(found, value) || contains(value, " ");
    return none ? std::string_view{} : value;
}

std::string_view flag_value(const Found& found) {
    const auto value = whole_value(found);
    const bool none = is_no_value(found, value) || value.front() == '-' ||
                      (!is_quoted(found) && is_prose_word(value));
    return none ? std::string_view{} : value;
}

std::string_view quoted_word(const Found& found) {
    return contains(found.value, " ") || is_placeholder(found.value) ? std::string_view{}
                                                                     : found.value;
}

std::string_view url_password(const Found& found) {
    const auto value = found.value;
    const auto port = std::find_if_not(value.begin(), value.end(), is_digit);
    const auto then = value.substr(static_cast<std::size_t>(port - value.begin()));
    const bool is_port =
        !then.empty() && then.size() < value.size() && contains("/?#,;)|&", then.substr(0, 1));
    const bool is_user =
        then.empty() && !found.whole.ends_with('@') && !found.whole.ends_with("%40");
    // docker://image:tag@sha256:...
    const bool is_image = after(found, found.whole).starts_with("sha256:");
    return is_port || is_user || is_image || value == "x-oauth-basic" || is_placeholder(value)
               ? std::string_view{}
               : value;
}

std::string_view header_value(const Found& found) {
    const auto value = found.value;
    const auto scheme = head(found);
    const bool known = scheme.ends_with(' ') && any(scheme, is_letter) && scheme.size() > 15;
    const bool none = is_placeholder(value) || value.size() < 4 || is_word(value) ||
                      contains(value, "AWS4-HMAC") || (!known && value.size() < 8) ||
                      value.starts_with("realm=") || is_code(value);
    return none ? std::string_view{} : value;
}

std::string_view bearer_value(const Found& found) {
    const auto value = found.value;
    const bool mixed =
        any(value, is_digit) ||
        (any(value, is_upper) && any(value.substr(1), is_lower) && any(value.substr(1), is_upper));
    const bool none = value.size() < 12 || !mixed || is_name(value) || is_place(value) ||
                      is_placeholder(value) || is_code(value);
    return none ? std::string_view{} : value;
}

// From the first value that may be a secret to the last.
std::string_view cookie_values(const Found& found) {
    auto rest = found.value.substr(0, found.value.find("[redacted:"));
    std::string_view first;
    std::string_view last;
    while (!rest.empty()) {
        const auto end = end_of_cookie(rest);
        if (const auto value = cookie_value(rest.substr(0, end)); !value.empty()) {
            first = first.empty() ? value : first;
            last = value;
        }
        rest.remove_prefix(std::min(end + 1, rest.size()));
    }
    return {first.data(), static_cast<std::size_t>(last.data() - first.data()) + last.size()};
}

std::string_view random_token(const Found& found) {
    const auto value = found.value;
    const bool random = any(value, is_digit) && value.size() >= 20 && !is_name(value);
    return random && !ends_uniform(value) ? value : std::string_view{};
}

std::string_view jwt(const Found& found) {
    auto value = found.value;
    while (value.ends_with('.') && value.find("..") == std::string_view::npos &&
           std::count(value.begin(), value.end(), '.') > 2) {
        value.remove_suffix(1);
    }
    const auto dot = value.find('.');
    const auto payload = value.substr(dot + 1);
    const bool formed = dot >= 12 && (payload.starts_with("ey") || contains(payload, "."));
    return formed && value.size() >= 30 ? value : std::string_view{};
}

std::string_view registration_token(const Found& found) {
    return found.value.size() == 29 && any(found.value, is_digit) ? found.value
                                                                  : std::string_view{};
}

std::string_view token_of(const Found& found, std::size_t least_size) {
    auto value = found.value;
    while (value.ends_with('.')) {
        value.remove_suffix(1);
    }
    const bool none = value.size() < least_size || ends_uniform(value) || !any(value, is_digit);
    return none ? std::string_view{} : value;
}

}  // namespace paws::forwarder
