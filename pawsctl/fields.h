// Fields: reading the agent's JSON by name. What is absent, null or of another type is nullopt or
// empty; text is safe for a terminal.

#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include <boost/json/object.hpp>

namespace paws::pawsctl {

std::optional<double> number(const boost::json::object& from, std::string_view key);
std::optional<bool> flag(const boost::json::object& from, std::string_view key);
// Empty when absent: no field of the contract tells "" from nothing.
std::string text(const boost::json::object& from, std::string_view key);
// A moment as RFC 3339 ("2026-11-23T15:04:05.123Z"), in seconds since 1970.
std::optional<double> moment(const boost::json::object& from, std::string_view key);
// Empty objects and lists stand for absent ones.
const boost::json::object& object(const boost::json::object& from, std::string_view key);
std::vector<const boost::json::object*> objects(const boost::json::object& from,
                                                std::string_view key);
std::vector<std::string> texts(const boost::json::object& from, std::string_view key);

std::optional<double> parse_moment(std::string_view written);

}  // namespace paws::pawsctl
