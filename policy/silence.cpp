#include "policy/silence.h"

#include "core/snapshot.h"
#include "policy/thresholds.h"

#include <algorithm>
#include <array>
#include <string_view>

namespace paws::policy {

namespace {

using std::chrono::nanoseconds;

nanoseconds age(WallTime time, const Now& now) {
    return std::max(now.wall - time, nanoseconds{0});
}

// The texts are .NET's and the server's own (runner facts, 4.5): a word is all one can look for.
bool names_server_error(std::string_view text) {
    static constexpr std::array words{"Internal Server Error",
                                      "InternalServerError",
                                      "Bad Gateway",
                                      "BadGateway",
                                      "Service Unavailable",
                                      "ServiceUnavailable",
                                      "Gateway Timeout",
                                      "GatewayTimeout",
                                      "Too Many Requests"};
    return std::ranges::any_of(
        words, [&](const char* word) { return text.find(word) != std::string_view::npos; });
}

bool names_clock(std::string_view text) {
    return text.find("clock") != std::string_view::npos;
}

std::optional<Explanation> way_is_closed(const Runner& runner, const Now& now) {
    const auto* reach = polled_reach(runner, now);
    if (reach == nullptr || !reach->failure) {
        return std::nullopt;
    }
    const bool answered = reach->failure->stage == ReachStage::http;
    return Explanation{.blame = answered ? Blame::github : Blame::network,
                       .text = "this host does not reach GitHub either: " + reach->failure->what,
                       .since = reach->tried.wall};
}

// While this host reaches the same server, an error of the runner is its own or the server's.
Blame blame_for_error(const Runner& runner, const std::string& text, const Now& now) {
    if (names_clock(text)) {
        return Blame::host;
    }
    if (names_server_error(text)) {
        return Blame::github;
    }
    return polled_reach(runner, now) != nullptr ? Blame::runner : Blame::network;
}

// The runner prints only the first error of a series, and not always that it is over. While this
// host reaches the server, what it printed holds for as long as it goes on trying by itself.
std::optional<Explanation> connect_error(const Runner& runner,
                                         const std::optional<BootTime>& last,
                                         const Now& now) {
    const auto* log = fresh(runner.log, now);
    if (log == nullptr || !log->connect_error) {
        return std::nullopt;
    }
    const auto said = age(*log->connect_error, now);
    const bool old_news = last && now.boot - said < *last;
    const bool gave_up = polled_reach(runner, now) != nullptr && said > connect_error_memory;
    if (old_news || gave_up) {
        return std::nullopt;
    }
    return Explanation{.blame = blame_for_error(runner, log->connect_error_text, now),
                       .text = "connect error: " + log->connect_error_text,
                       .since = log->connect_error};
}

}  // namespace

const Reach* polled_reach(const Runner& runner, const Now& now) {
    const auto* reaches = fresh(runner.reaches, now, network_fresh_for);
    if (reaches == nullptr) {
        return nullptr;
    }
    const auto found =
        std::ranges::find_if(*reaches, [](const auto& reach) { return reach.second.polled; });
    const bool recent =
        found != reaches->end() && now.boot - found->second.tried.boot <= network_fresh_for;
    return recent ? &found->second : nullptr;
}

std::optional<Explanation> explain_silence(const Runner& runner,
                                           const std::optional<BootTime>& last,
                                           const Now& now) {
    if (auto closed = way_is_closed(runner, now)) {
        return closed;
    }
    return connect_error(runner, last, now);
}

}  // namespace paws::policy
