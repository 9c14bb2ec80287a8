// Fate: what befalls one runner of its own in a week, and what kind of runner it is. Drawn in
// advance. Pure.

#pragma once

#include "tests/traces/dice.h"
#include "tests/traces/truth.h"
#include "tests/traces/weather.h"

#include <cstdint>
#include <string>
#include <vector>

namespace paws::traces {

enum class Family {
    healthy_or_explained,  // no hang anywhere
    hung,                  // each trace holds at least one
};

enum class Blow {
    operator_stop,
    crash,            // of the listener
    out_of_memory,    // systemd stops the unit of a step that the kernel killed
    crash_loop,       // the listener dies soon after each start, for `lasts`
    session_stolen,   // a copied runner directory elsewhere holds the session for `lasts`
    session_expired,  // GitHub asks for a new one
    deregistered,     // an operator registers it again after `lasts`
    update,
    update_fails,
    hang,
};

struct Fate {
    Blow blow{};
    Instant at{};
    Span lasts{};
    Ghost ghost{};      // of a hang
    bool busy = false;  // a hang that begins in mid-job
};

struct Kind {
    std::string name;  // "acme-widgets.build-01"
    std::uint64_t agent_id = 0;
    bool v2 = true;
    bool proxied = false;
    bool ephemeral = false;
    bool api = false;             // the agent may ask GitHub about it
    bool trace_readable = false;  // the agent may read its _diag
    Span longest_pause{};         // between jobs
};

// All that is drawn before the week begins.
struct Plan {
    std::vector<Kind> kinds;
    std::vector<std::vector<Fate>> fates;  // by kind
    std::vector<Calm> calms;
};
Plan draw_plan(std::uint64_t seed, Family family);

}  // namespace paws::traces
