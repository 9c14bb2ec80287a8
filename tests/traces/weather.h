// Weather: what befalls a host in a week: outages on the way to GitHub and beyond, trouble of the
// host, and lapses of the agent that looks on. Drawn in advance, so that what becomes of a request
// can be told when it is sent. Pure.

#pragma once

#include "tests/traces/dice.h"

#include <array>
#include <cstddef>
#include <span>
#include <vector>

namespace paws::traces {

inline constexpr std::chrono::hours week{7 * 24};

enum class Trouble {
    // the way to GitHub
    link_down,      // no packet leaves; names and connects fail at once
    black_hole,     // packets vanish
    names_fail,     // only new connections suffer
    proxy_refuses,  // the proxy died: its tunnels are reset, it takes no connection
    proxy_errors,   // it answers new tunnels with an error
    broker_refuses,
    github_errors,
    github_silent,
    polls_unanswered,  // all else is answered, so that it looks well from outside
    // GitHub's list of runners
    api_errors,
    api_stands_still,  // answers, with what was true when it began
    // this host
    clock_wrong,  // by `amount`
    overload,
    suspend,
    reboot,
    // the agent
    agent_down,
    units_missing,  // a collector misses its deadline, again and again
    processes_missing,
    cgroup_missing,
    sockets_missing,
    journal_unreadable,  // read later
    journal_drops,       // rate-limited: what was said is lost
    trace_missing,
    probes_missing,
};
inline constexpr std::size_t trouble_count = 24;

struct Episode {
    Trouble trouble{};
    Instant begin{};
    Instant end{};
    Span amount{};  // of clock_wrong
};

// A time in which nothing shall happen, so that what does can be measured.
struct Calm {
    Instant begin{};
    Instant end{};
};

class Weather {
public:
    static Weather draw(Dice& dice, std::span<const Calm> calms);
    explicit Weather(std::vector<Episode> episodes);

    // The episode of this trouble that covers `at`; null when there is none.
    const Episode* during(Trouble trouble, Instant at) const;
    // The first that begins within the two.
    const Episode* beginning(Trouble trouble, Instant from, Instant until) const;
    bool any_within(Instant from, Instant until) const;
    bool blocked(Instant at) const;  // neither direction passes a packet

    Span suspended_before(Instant at) const;
    std::span<const Episode> all() const { return all_; }  // by begin

private:
    std::span<const Episode> of(Trouble trouble) const {
        return by_trouble_[static_cast<std::size_t>(trouble)];
    }

    std::vector<Episode> all_;
    std::array<std::vector<Episode>, trouble_count> by_trouble_;
};

}  // namespace paws::traces
