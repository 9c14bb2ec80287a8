// Log line: a line on its way to Loki as `logs follow` shows it, and which are wanted. Pure.

#pragma once

#include "pawsctl/screen.h"

#include <map>
#include <string>
#include <string_view>

#include <boost/json/object.hpp>

namespace paws::pawsctl {

// `{host="build-01", unit="docker.service"}` by name; what is no such text is left out.
std::map<std::string, std::string> parse_labels(std::string_view text);

struct LineFilter {
    std::string unit;    // with or without ".service"; empty: any
    std::string runner;  // with or without "actions.runner." and ".service"; empty: any
    std::string level;   // this and graver ones; empty: any
};
inline constexpr std::string_view level_words = "critical, error, warning, info, debug";
bool is_level(std::string_view word);

// `line` is one of the agent's answer: {"number","time","labels","line"}.
bool is_wanted(const boost::json::object& line, const LineFilter& filter);
// "14:55:01.123  docker.service  error  ...": never cut, the end of a line is what is looked for.
std::string render_log_line(const boost::json::object& line, const Screen& screen);

}  // namespace paws::pawsctl
