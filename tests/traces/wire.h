// Wire: what becomes of a runner's connections and requests in a given weather, told when they are
// made. TCP as Linux does it, time-outs and back-off as .NET and the runner do (facts 4.4). Pure.

#pragma once

#include "tests/traces/truth.h"
#include "tests/traces/weather.h"

#include <optional>

namespace paws::traces {

inline constexpr std::chrono::seconds http_timeout{100};

struct Outcome {
    Instant at{};
    bool good = false;
    Cause cause = Cause::none;
    bool heard = false;              // bytes came back, good or bad: the connection stands
    std::optional<Instant> arrived;  // when the server had the request
};

enum class Server { broker, other };
struct Way {
    Server server = Server::broker;
    bool proxied = false;
    bool polls = false;  // waits for a message
};

class Wire {
public:
    explicit Wire(const Weather& weather) : weather_{weather} {}

    // A new connection, up to the end of its TLS handshake.
    Outcome connect(Instant at, Way way, Dice& dice) const;
    // A request on an established connection that the server answers after `hold`.
    Outcome ask(Instant at, Span hold, Way way, Dice& dice) const;

private:
    std::optional<Outcome> refused(Instant at, Way way, Dice& dice) const;
    std::optional<Instant> passes(Instant sent, Instant until) const;

    const Weather& weather_;
};

}  // namespace paws::traces
