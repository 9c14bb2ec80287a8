// Verdict: is all well, by the agent's JSON alone; the word on the screen and the exit code agree.

#pragma once

#include <string>
#include <string_view>
#include <vector>

#include <boost/json/object.hpp>

namespace paws::pawsctl {

// Ascending: of several the greatest counts. What nobody knows may be worse than degraded.
enum class Verdict { well, degraded, unknown, failed };

Verdict health_of(const boost::json::object& subject);  // a host or a runner
Verdict agent_verdict(const boost::json::object& agent);
// Of the host, the agent and each of these runners.
Verdict verdict(const boost::json::object& status,
                const std::vector<const boost::json::object*>& runners);

std::string_view word(Verdict verdict);  // "ok", "degraded", "failed", "unknown"
int exit_code(Verdict verdict);

}  // namespace paws::pawsctl
