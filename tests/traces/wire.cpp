#include "tests/traces/wire.h"

#include <array>

namespace paws::traces {

namespace {

using namespace std::chrono_literals;

// tcp(7): a SYN is sent again after one second, other data after its RTO; both double.
constexpr std::array<Span, 7> syn_again{0s, 1s, 3s, 7s, 15s, 31s, 63s};
constexpr std::array<Span, 10> data_again{
    0ms, 200ms, 600ms, 1400ms, 3s, 6200ms, 12'600ms, 25'400ms, 51s, 102s};

}  // namespace

std::optional<Instant> Wire::passes(Instant sent, Instant until) const {
    for (const auto later : data_again) {
        if (sent + later >= until) {
            break;
        }
        if (!weather_.blocked(sent + later)) {
            return sent + later;
        }
    }
    return std::nullopt;
}

// What fails by itself, soon and with a reason.
std::optional<Outcome> Wire::refused(Instant at, Way way, Dice& dice) const {
    const auto fails = [&](Cause cause, Span least, Span most) {
        return Outcome{.at = at + dice.between(least, most), .cause = cause};
    };
    if (weather_.during(Trouble::link_down, at) != nullptr) {
        return fails(Cause::network, 5ms, 5s);
    }
    if (!way.proxied && weather_.during(Trouble::names_fail, at) != nullptr) {
        return fails(Cause::name_service, 50ms, 20s);
    }
    if (way.proxied && weather_.during(Trouble::proxy_refuses, at) != nullptr) {
        return fails(Cause::proxy, 1ms, 500ms);
    }
    if (way.proxied && weather_.during(Trouble::proxy_errors, at) != nullptr) {
        return fails(Cause::proxy_tunnel, 50ms, 5s);
    }
    if (way.server == Server::broker && weather_.during(Trouble::broker_refuses, at) != nullptr) {
        return fails(Cause::broker, 20ms, 300ms);
    }
    return std::nullopt;
}

Outcome Wire::connect(Instant at, Way way, Dice& dice) const {
    if (const auto failure = refused(at, way, dice)) {
        return *failure;
    }
    for (const auto later : syn_again) {
        if (!weather_.blocked(at + later)) {
            return {.at = at + later + dice.between(30ms, 400ms), .good = true, .heard = true};
        }
    }
    return {.at = at + http_timeout, .cause = Cause::network};
}

Outcome Wire::ask(Instant at, Span hold, Way way, Dice& dice) const {
    const auto patience = at + http_timeout;
    const auto arrived = passes(at, patience);
    if (!arrived) {
        return {.at = patience, .cause = Cause::network};
    }
    if (const auto* died = weather_.beginning(Trouble::proxy_refuses, at, *arrived + hold);
        way.proxied && died != nullptr) {
        return {.at = died->begin, .cause = Cause::proxy, .arrived = arrived};
    }
    if (weather_.during(Trouble::github_silent, *arrived) != nullptr ||
        (way.polls && weather_.during(Trouble::polls_unanswered, *arrived) != nullptr)) {
        return {.at = patience, .cause = Cause::github_silence};
    }
    const bool error = weather_.during(Trouble::github_errors, *arrived) != nullptr;
    const auto sent_back = *arrived + (error ? dice.between(80ms, 3s) : hold);
    const auto back = passes(sent_back, patience);
    if (!back) {
        return {.at = patience, .cause = Cause::network, .arrived = arrived};
    }
    return {.at = *back + dice.between(10ms, 150ms),
            .good = !error,
            .cause = error ? Cause::github_errors : Cause::none,
            .heard = true,
            .arrived = error ? std::nullopt : arrived};
}

}  // namespace paws::traces
