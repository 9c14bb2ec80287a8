// Wish request: what `drain`, `hold` and `resume` on the control socket ask for. Pure.

#pragma once

#include "agent/role.h"
#include "core/result.h"
#include "core/runner_facts.h"

#include <chrono>
#include <string>

#include <boost/json/object.hpp>

namespace paws::agent {

struct WishRequest {
    std::string runner;
    std::string by;                   // whom the command says it acts for
    std::string note;                 // of a resume: the reason to force it
    std::chrono::nanoseconds span{};  // of a hold
    bool force = false;               // of a resume
};

inline constexpr std::chrono::hours longest_hold{24 * 30};

// The error is for whoever asked.
Result<WishRequest> parse_wish_request(Verb verb, const boost::json::object& arguments);

Wish to_wish(const WishRequest& request, Verb verb, WallTime now);

}  // namespace paws::agent
