#include "platform/http_message.h"

#include "core/text.h"
#include "core/utc.h"

#include <algorithm>
#include <array>

namespace paws::platform {

namespace {

char lower(char letter) {
    return letter >= 'A' && letter <= 'Z' ? static_cast<char>(letter - 'A' + 'a') : letter;
}

bool is_graphic(std::string_view text) {
    return std::ranges::all_of(text, [](char c) { return c > 0x20 && c < 0x7F; });
}

struct Place {
    std::string_view host;
    std::optional<std::uint16_t> port;  // absent: none was written
};

// "host", "host:port", "[v6]", "[v6]:port".
std::optional<Place> split_place(std::string_view text) {
    Place place;
    const bool bracketed = text.starts_with('[');
    if (bracketed) {
        text.remove_prefix(1);
    }
    const auto end = std::min(text.find(bracketed ? ']' : ':'), text.size());
    place.host = text.substr(0, end);
    if (bracketed && end == text.size()) {
        return std::nullopt;
    }
    text.remove_prefix(end + (bracketed ? 1U : 0U));
    if (!text.empty()) {
        place.port = text.front() == ':' ? parse_integer<std::uint16_t>(text.substr(1))
                                         : std::optional<std::uint16_t>{};
        if (place.port.value_or(0) == 0) {
            return std::nullopt;
        }
    }
    const bool clean = place.host.find_first_of("[]@\\\"<>") == std::string_view::npos;
    return place.host.empty() || !clean ? std::nullopt : std::optional{place};
}

Error no_url(std::string_view url) {
    return {Errc::malformed, "'" + printable(url) + "' is not the URL of a web server"};
}

}  // namespace

Result<HttpUrl> parse_http_url(std::string_view url) {
    static constexpr std::string_view plain = "http://";
    static constexpr std::string_view tls = "https://";
    const bool secure = url.starts_with(tls);
    if (!is_graphic(url) || (!secure && !url.starts_with(plain)) ||
        url.find('#') != std::string_view::npos) {
        return no_url(url);
    }
    auto rest = url.substr(secure ? tls.size() : plain.size());
    const auto end = std::min(rest.find_first_of("/?"), rest.size());
    const auto place = split_place(rest.substr(0, end));
    if (!place) {
        return no_url(url);
    }
    rest.remove_prefix(end);
    const std::uint16_t usual_port = secure ? 443 : 80;
    return HttpUrl{.secure = secure,
                   .host = std::string{place->host},
                   .port = place->port.value_or(usual_port),
                   .target = (rest.starts_with('/') ? "" : "/") + std::string{rest}};
}

std::string authority(const std::string& host, std::uint16_t port) {
    const bool bracketed = host.find(':') != std::string::npos;
    return (bracketed ? "[" + host + "]" : host) + ":" + std::to_string(port);
}

std::optional<std::string_view> HttpAnswer::header(std::string_view name) const {
    const auto found = std::ranges::find_if(headers, [&](const HttpHeader& header) {
        return std::ranges::equal(header.name, name, {}, lower, lower);
    });
    return found == headers.end() ? std::nullopt : std::optional<std::string_view>{found->value};
}

std::optional<WallTime> parse_http_date(std::string_view text) {
    static constexpr std::array<std::string_view, 12> months{
        "Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"};
    static constexpr std::string_view form = "Sun, 06 Nov 1994 08:49:37 GMT";
    static constexpr std::string_view zone = " GMT";
    if (text.size() != form.size() || !text.ends_with(zone)) {
        return std::nullopt;
    }
    std::string numbers{text.substr(form.find("06"), form.find(zone) - form.find("06"))};
    const auto* const name = std::ranges::find(months, std::string_view{numbers}.substr(3, 3));
    if (name == months.end()) {
        return std::nullopt;
    }
    const auto month = name - months.begin() + 1;
    numbers.replace(
        3, 3, {static_cast<char>('0' + month / 10), static_cast<char>('0' + month % 10)});
    return parse_utc(numbers, "DD MM YYYY hh:mm:ss");
}

}  // namespace paws::platform
