// Small pieces of JSON that the documents share.

#pragma once

#include "core/host_facts.h"
#include "core/text.h"
#include "core/time.h"

#include <optional>
#include <string>
#include <string_view>

#include <boost/json/value.hpp>

namespace paws::exporter {

// "2025-11-23T14:49:00.123Z"
std::string rfc3339(WallTime time);

// Parentheses, not braces: json::value{x} is an array of one x.
namespace parts {

// JSON is UTF-8; names of mounts and processes need not be.
inline boost::json::string text(std::string_view outside) {
    return boost::json::string{valid_utf8(outside)};
}

inline boost::json::value text_or_null(std::string_view outside) {
    return outside.empty() ? boost::json::value(nullptr) : boost::json::value(text(outside));
}

inline boost::json::value time_or_null(const std::optional<WallTime>& time) {
    return time ? boost::json::value(rfc3339(*time)) : boost::json::value(nullptr);
}

template <class Number>
boost::json::value or_null(const std::optional<Number>& number) {
    return number ? boost::json::value(*number) : boost::json::value(nullptr);
}

boost::json::value pressure(const Pressure& pressure);

template <class Names>
boost::json::array words(const Names& enumerators) {
    boost::json::array list;
    for (const auto each : enumerators) {
        list.emplace_back(to_string(each));
    }
    return list;
}

}  // namespace parts

}  // namespace paws::exporter
