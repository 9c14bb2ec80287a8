#include "pawsctl/fields.h"

#include "core/text.h"
#include "core/utc.h"

#include <boost/json/array.hpp>
#include <boost/json/value.hpp>

namespace paws::pawsctl {

namespace {

constexpr std::size_t text_limit = 1024;  // bytes; what is longer is cut on any screen

std::string shown(const boost::json::string& written) {
    return printable({written.data(), written.size()}, text_limit);
}

}  // namespace

std::optional<double> parse_moment(std::string_view written) {
    std::string shape = "YYYY-MM-DDThh:mm:ssZ";
    constexpr std::size_t most_digits = 9;
    if (written.size() > shape.size() + 1 && written.size() <= shape.size() + 1 + most_digits) {
        const auto digits = written.size() - shape.size() - 1;
        shape.insert(shape.size() - 1, "." + std::string(digits, 'f'));
    }
    const auto time = parse_utc(written, shape);
    return time ? std::optional{to_unix_seconds(*time)} : std::nullopt;
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
