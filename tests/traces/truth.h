// Truth: what a runner of a trace really does and why. It has words of its own: those that the
// judge uses are what is to be tested.

#pragma once

#include "core/judgement.h"
#include "tests/traces/dice.h"

#include <cstddef>
#include <optional>
#include <set>

namespace paws::traces {

enum class Doing { stopped, starting, idle, busy, updating, cut_off, hung };

enum class Cause {
    none,
    // between the runner and GitHub
    lossy,            // one answer was lost or late
    network,          // nothing passes this host's network
    name_service,     // names do not resolve
    proxy,            // it takes no connection
    proxy_tunnel,     // it opens none
    broker,           // GitHub's message server takes no connection
    github_errors,    // 5xx, behind a good certificate
    github_silence,   // connects, and never answers
    session_expired,  // GitHub forgot the session
    conflict,         // GitHub holds another session for this runner
    // this host
    clock,
    overload,
    suspended,
    rebooted,
    out_of_memory,
    // the runner
    crashed,
    crash_loop,
    deregistered,
    ephemeral_end,
    // people
    operator_stop,
    update,
};

// How a listener of facts 12, #1 comes to be alive and dead to GitHub.
enum class Ghost {
    half_open,  // its connection stays established and never receives again
    no_socket,  // it closed its connection and opens none
    stopped,    // SIGSTOP
    stuck,      // in uninterruptible sleep, for long
    zombie,     // dead, and its stopped wrapper does not reap it
};

struct Hang {
    Ghost ghost{};
    Instant since{};
    // What there is to see of it once GitHub and its own sockets have noticed. A listener without a
    // socket is silent as well.
    std::set<HungSign> signs;
    bool busy = false;  // it began while a job ran
    bool clear =
        false;  // nothing else is wrong: for half an hour from here, and with its registration

    // Two signs are proof; a half-open socket alone, without GitHub's word, cannot be proved.
    bool provable() const { return signs.size() >= 2; }
};

struct Truth {
    Doing doing = Doing::stopped;
    Cause cause = Cause::none;
    std::optional<Blame> blame;  // absent while nothing is wrong, or as people wished it
    Instant since{};             // of doing and cause together
    std::optional<Hang> hang;
};

std::optional<Blame> blame_of(Cause cause);

}  // namespace paws::traces
