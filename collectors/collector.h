// Collector: one source of facts about this host or its runners, one file pair each.
// A collector lives on one probe thread for life, so it may keep state and it may block; it never
// touches the draft itself: it hands back a Fill, which the loop applies if it came in time.

#pragma once

#include "core/facts.h"
#include "core/result.h"
#include "core/time.h"

#include <functional>
#include <optional>
#include <string_view>

namespace paws::collectors {

// Writes what was found to its own part of the draft. Runs on the loop: it moves values, no more.
using Fill = std::function<void(Facts& draft)>;

// `hosts` run side by side first and find the runners; `runners` look at those that were found.
enum class Stage { hosts, runners };

// A source that can tell by itself that it is worth looking again, and be asked between rounds.
// Used on the probe's thread.
class Watch {
public:
    virtual ~Watch() = default;
    virtual int fd() const = 0;  // readable: call stirred(); -1 for none just now
    virtual bool stirred() = 0;  // drains the fd; true when facts may have changed
    // Soon after a round, when nobody waits: the time for what is slow and not urgent. What fails
    // here is left for collect() to meet.
    virtual void read_ahead(const Now& /*now*/) {}
};

class Collector {
public:
    virtual ~Collector() = default;
    virtual std::string_view name() const = 0;
    virtual Stage stage() const { return Stage::hosts; }
    // `seen` is the draft as far as it is filled: for Stage::runners it holds this tick's runners.
    virtual Result<Fill> collect(const Facts& seen, const Now& now) = 0;
    // What the last Fill lacks, where a part of the facts could be had and a part could not.
    virtual std::optional<Error> shortfall() const { return std::nullopt; }
    virtual Watch* watch() { return nullptr; }
};

}  // namespace paws::collectors
