// Log verbs: what the control socket answers of log shipping.

#pragma once

#include "agent/control_message.h"
#include "forwarder/shipper.h"

#include <string>

namespace paws::agent {

// Lines after the number asked for: {"after":12} ->
// {"since","lines":[{"number","time","labels","line"}]}; where `since` is another, numbers began
// anew. Null: no logs are shipped.
std::string follow_logs(const Request& request, forwarder::Shipper* shipper, const Now& now);

// {} begins a trial and answers {"trial":1}; {"trial":1} tells how it goes.
std::string test_logs(const Request& request, forwarder::Shipper* shipper);

}  // namespace paws::agent
