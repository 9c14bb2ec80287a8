#include "pawsctl/fields.h"

#include "core/text.h"

#include <chrono>

#include <boost/json/array.hpp>
#include <boost/json/value.hpp>

namespace paws::pawsctl {

namespace {

constexpr std::size_t text_limit = 1024;  // bytes; what is longer is cut on any screen

std::string shown(const boost::json::string& written) {
    return printable({written.data(), written.size()}, text_limit);
}

// Takes `digits` digits and what must follow them off the front.
std::optional<int> take_number(std::string_view& rest, std::size_t digits, std::string_view end) {
    const auto found = rest.substr(0, digits);
    if (found.size() != digits || found.find_first_not_of("0123456789") != std::string_view::npos ||
        !rest.substr(digits).starts_with(end)) {
        return std::nullopt;
    }
    rest.remove_prefix(digits + end.size());
    return parse_integer<int>(found);
}

// ".123Z" or "Z"; other zones are not ours.
std::optional<double> parse_fraction(std::string_view rest) {
    if (!rest.ends_with('Z')) {
        return std::nullopt;
    }
    rest.remove_suffix(1);
    if (rest.empty()) {
        return 0.0;
    }
    const bool digits = rest.size() > 1 && rest.size() <= 10 && rest.front() == '.' &&
                        rest.find_first_not_of("0123456789", 1) == std::string_view::npos;
    return digits ? parse_decimal(rest) : std::nullopt;
}

}  // namespace

std::optional<double> parse_moment(std::string_view written) {
    using namespace std::chrono;
    const auto year = take_number(written, 4, "-");
    const auto month = year ? take_number(written, 2, "-") : std::nullopt;
    const auto day = month ? take_number(written, 2, "T") : std::nullopt;
    const auto hour = day ? take_number(written, 2, ":") : std::nullopt;
    const auto minute = hour ? take_number(written, 2, ":") : std::nullopt;
    const auto second = minute ? take_number(written, 2, "") : std::nullopt;
    const auto fraction = second ? parse_fraction(written) : std::nullopt;
    if (!fraction || *hour > 23 || *minute > 59 || *second > 60) {
        return std::nullopt;
    }
    const year_month_day date{std::chrono::year{*year},
                              std::chrono::month{static_cast<unsigned>(*month)},
                              std::chrono::day{static_cast<unsigned>(*day)}};
    if (!date.ok()) {
        return std::nullopt;
    }
    const auto whole = sys_days{date} + hours{*hour} + minutes{*minute} + seconds{*second};
    return static_cast<double>(whole.time_since_epoch().count()) + *fraction;
}

std::optional<double> number(const boost::json::object& from, std::string_view key) {
    const auto* found = from.if_contains(key);
    if (found == nullptr || !found->is_number()) {
        return std::nullopt;
    }
    return found->to_number<double>();
}

std::optional<bool> flag(const boost::json::object& from, std::string_view key) {
    const auto* found = from.if_contains(key);
    const auto* held = found == nullptr ? nullptr : found->if_bool();
    return held == nullptr ? std::nullopt : std::optional{*held};
}

std::string text(const boost::json::object& from, std::string_view key) {
    const auto* found = from.if_contains(key);
    const auto* held = found == nullptr ? nullptr : found->if_string();
    return held == nullptr ? "" : shown(*held);
}

std::optional<double> moment(const boost::json::object& from, std::string_view key) {
    return parse_moment(text(from, key));
}

const boost::json::object& object(const boost::json::object& from, std::string_view key) {
    static const boost::json::object none;
    const auto* found = from.if_contains(key);
    const auto* held = found == nullptr ? nullptr : found->if_object();
    return held == nullptr ? none : *held;
}

std::vector<const boost::json::object*> objects(const boost::json::object& from,
                                                std::string_view key) {
    std::vector<const boost::json::object*> all;
    const auto* found = from.if_contains(key);
    const auto* list = found == nullptr ? nullptr : found->if_array();
    if (list != nullptr) {
        for (const auto& element : *list) {
            if (const auto* held = element.if_object()) {
                all.push_back(held);
            }
        }
    }
    return all;
}

std::vector<std::string> texts(const boost::json::object& from, std::string_view key) {
    std::vector<std::string> all;
    const auto* found = from.if_contains(key);
    const auto* list = found == nullptr ? nullptr : found->if_array();
    if (list != nullptr) {
        for (const auto& element : *list) {
            if (const auto* held = element.if_string()) {
                all.push_back(shown(*held));
            }
        }
    }
    return all;
}

}  // namespace paws::pawsctl
