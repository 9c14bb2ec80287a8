#include "exporter/negotiate.h"

#include "core/text.h"

#include <algorithm>
#include <cctype>
#include <optional>

namespace paws::exporter {

namespace {

constexpr std::string_view text_0_0_4 = "text/plain; version=0.0.4; charset=utf-8";
constexpr std::string_view openmetrics_1_0_0 =
    "application/openmetrics-text; version=1.0.0; charset=utf-8";
constexpr std::string_view openmetrics_0_0_1 =
    "application/openmetrics-text; version=0.0.1; charset=utf-8";

bool same_word(std::string_view left, std::string_view right) {
    return std::ranges::equal(left, right, [](char a, char b) {
        return std::tolower(static_cast<unsigned char>(a)) ==
               std::tolower(static_cast<unsigned char>(b));
    });
}

// Takes the text up to `separator` off the front of `rest`; one inside quotes does not count.
std::string_view take_unquoted(std::string_view& rest, char separator) {
    bool quoted = false;
    std::size_t end = 0;
    for (; end < rest.size() && (quoted || rest[end] != separator); ++end) {
        if (rest[end] == '"') {
            quoted = !quoted;
        } else if (quoted && rest[end] == '\\') {
            ++end;
        }
    }
    const auto taken = rest.substr(0, end);
    rest.remove_prefix(std::min(end + 1, rest.size()));
    return trim(taken);
}

std::string_view unquoted(std::string_view value) {
    const bool quoted = value.size() >= 2 && value.front() == '"' && value.back() == '"';
    return quoted ? value.substr(1, value.size() - 2) : value;
}

// qvalue: 0 to 1 with at most three decimals; anything else is no wish at all.
double weight_of(std::string_view text) {
    const bool looks = !text.empty() && text.size() <= 5 && (text[0] == '0' || text[0] == '1') &&
                       (text.size() == 1 || text[1] == '.');
    const auto weight = looks ? parse_decimal(text) : std::nullopt;
    return weight && *weight >= 0 && *weight <= 1 ? *weight : 0;
}

// One element of a list such as Accept: a name, its version and how much it is wanted.
struct Wish {
    std::string_view name;
    std::string_view version;
    double weight = 1;
};

Wish parse_wish(std::string_view element) {
    Wish wish{.name = take_unquoted(element, ';')};
    while (!element.empty()) {
        auto value = take_unquoted(element, ';');
        const auto name = trim(take_until(value, '='));
        if (same_word(name, "q")) {
            wish.weight = weight_of(trim(value));
        } else if (same_word(name, "version")) {
            wish.version = unquoted(trim(value));
        }
    }
    return wish;
}

std::optional<Negotiated> served(const Wish& wish) {
    if (same_word(wish.name, "application/openmetrics-text")) {
        if (wish.version == "1.0.0") {
            return Negotiated{.format = Format::openmetrics, .content_type = openmetrics_1_0_0};
        }
        if (wish.version == "0.0.1") {
            return Negotiated{.format = Format::openmetrics, .content_type = openmetrics_0_0_1};
        }
        return std::nullopt;
    }
    const bool text =
        same_word(wish.name, "text/plain") || wish.name == "*/*" || same_word(wish.name, "text/*");
    if (text && (wish.version.empty() || wish.version == "0.0.4")) {
        return Negotiated{.content_type = text_0_0_4};
    }
    return std::nullopt;
}

}  // namespace

Negotiated negotiate(std::string_view accept) {
    Negotiated best{.content_type = text_0_0_4};
    double weight = 0;
    while (!accept.empty()) {
        const auto wish = parse_wish(take_unquoted(accept, ','));
        const auto offer = served(wish);
        if (offer && wish.weight > weight) {
            best = *offer;
            weight = wish.weight;
        }
    }
    return best;
}

bool accepts_gzip(std::string_view accept_encoding) {
    std::optional<double> gzip;
    std::optional<double> anything;
    while (!accept_encoding.empty()) {
        const auto wish = parse_wish(take_unquoted(accept_encoding, ','));
        if (same_word(wish.name, "gzip") || same_word(wish.name, "x-gzip")) {
            gzip = wish.weight;
        } else if (wish.name == "*") {
            anything = wish.weight;
        }
    }
    return gzip.value_or(anything.value_or(0)) > 0;
}

}  // namespace paws::exporter
