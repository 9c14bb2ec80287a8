// Log state: what the agent's JSON says of log shipping: whether to worry, and what to do. Pure.

#pragma once

#include "pawsctl/verdict.h"

#include <optional>
#include <string>
#include <string_view>

#include <boost/json/object.hpp>

namespace paws::pawsctl {

// As the alert LogShippingLagging.
inline constexpr double late_seconds = 300;

// `logs` is the agent's document of the verb `logs`, or `agent.logs` of its status.
// Degraded: retrying, more than five minutes late, or something that is to be shipped is not read.
Verdict logs_verdict(const boost::json::object& logs);

// "nothing waits", "0.4 s behind", "6 min behind".
std::string lag_words(std::optional<double> seconds);

// "shipping, 0.4 s behind", "retrying, 6 min behind", "paused".
std::string state_words(const boost::json::object& logs);

struct Advice {
    std::string words;
    std::string command;  // empty when no command of this host helps
};

// What to look at when Loki does not take lines for this reason, which is Loki's or the network's
// own words.
Advice advice_for(std::string_view trouble, const std::string& url);

}  // namespace paws::pawsctl
