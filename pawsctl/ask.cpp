#include "pawsctl/ask.h"

#include "core/duration.h"
#include "core/text.h"
#include "pawsctl/exit_code.h"
#include "platform/control_client.h"

namespace paws::pawsctl {

namespace {

std::string nobody_listens(const Address& address) {
    const auto where = printable(address.socket);
    if (address.chosen_by.empty()) {
        return "the agent is not running (nothing listens at " + where +
               "); start it with: systemctl start paws-agent";
    }
    return "no agent listens at " + where + " (from " + address.chosen_by +
           "); start one there with: paws-agent --config FILE, [agent] runtime_dir being the "
           "socket's directory; or leave " +
           address.chosen_by + " out to ask this system's agent";
}

Failure unreached(const Address& address, const Error& error) {
    const auto where = printable(address.socket);
    switch (error.code) {
        case Errc::absent:
        case Errc::unavailable:
            return {exit_unreachable, nobody_listens(address), {}};
        case Errc::denied:
            return {exit_refused,
                    "this user may not open " + where +
                        "; join the agent's group (usermod -aG paws-agent USER, then log in "
                        "again), or ask as root",
                    {}};
        case Errc::timeout:
            return {exit_unreachable,
                    "the agent at " + where + " gave no answer within " +
                        duration_text(address.patience) +
                        "; see what it does with: journalctl -u paws-agent -n 50",
                    {}};
        case Errc::malformed:
        case Errc::io:
            break;
    }
    return {exit_unreachable,
            "no usable answer: " + printable(error.what) +
                "; see what the agent does with: journalctl -u paws-agent -n 50",
            {}};
}

Failure refused(const Answer& answer) {
    const bool misused = answer.code == "usage" || answer.code == "not_found";
    const int exit_code = answer.code == "denied"     ? exit_refused
                          : answer.code == "conflict" ? exit_failed  // a no-go, as of a gate
                          : misused                   ? exit_usage
                                                      : exit_unreachable;
    return {exit_code, answer.message, answer.code};
}

}  // namespace

std::variant<Answer, Failure> ask(const Address& address,
                                  std::string_view verb,
                                  const boost::json::object& arguments) {
    const auto line =
        platform::ask_control(address.socket, request_line(verb, arguments), address.patience);
    if (!line) {
        return unreached(address, line.error());
    }
    auto answer = parse_answer(*line);
    if (!answer && answer.error().code == Errc::unavailable) {
        return Failure{exit_unreachable, answer.error().what, {}};
    }
    if (!answer) {
        return Failure{exit_unreachable,
                       "what listens at " + printable(address.socket) +
                           " is no paws-agent: its answer is " + answer.error().what,
                       {}};
    }
    if (!answer->ok) {
        return refused(*answer);
    }
    return std::move(*answer);
}

}  // namespace paws::pawsctl
