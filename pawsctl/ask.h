// Ask: one question to the agent that the user means, and what to say and exit with when it fails.

#pragma once

#include "pawsctl/answer.h"

#include <chrono>
#include <optional>
#include <string>
#include <string_view>
#include <variant>

namespace paws::pawsctl {

inline constexpr std::string_view default_socket = "/run/paws-agent/control.sock";

// Where the agent listens, and who said so ("--socket", "PAWS_SOCKET"; empty: nobody).
struct Address {
    std::string socket{default_socket};
    std::string chosen_by;
    std::chrono::milliseconds patience{5000};
    std::optional<std::chrono::milliseconds> chosen_patience;  // absent: nobody said
};

// One sentence for standard error, and the exit code.
struct Failure {
    int exit_code = 0;
    std::string message;
    std::string agent_code;  // when the agent itself said no: one of Answer's
};

std::variant<Answer, Failure> ask(const Address& address,
                                  std::string_view verb,
                                  const boost::json::object& arguments = {});

}  // namespace paws::pawsctl
