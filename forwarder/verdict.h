// Verdict: what an answer of Loki, or none, means for the lines that were pushed. Pure.

#pragma once

#include "core/log_shipping.h"
#include "core/time.h"
#include "forwarder/loki.h"

#include <chrono>
#include <optional>
#include <string>
#include <string_view>

namespace paws::forwarder {

enum class Outcome {
    delivered,
    retry,     // later, as they are
    halve,     // they are too many at once
    refused,   // at least one of them is refused for what it is
    untimely,  // at least one is refused for its timestamp
    plain,     // this Loki takes no structured metadata
    pause,     // nothing will be taken until an operator does something
};

struct Verdict {
    Outcome outcome = Outcome::retry;
    std::optional<PushFailure> failure;                   // nothing: delivered
    std::optional<std::chrono::nanoseconds> retry_after;  // as Loki wishes
    std::optional<WallTime> oldest_allowed;               // untimely: as Loki says
    std::optional<WallTime> answered_at;                  // untimely: by Loki's clock, to a second
    bool too_new = false;                                 // untimely: of the future
    std::string what;  // for people; Loki's words where it has any
};

// `now` is for a Retry-After that is a date and for an answer without one.
Verdict verdict_of(const Asked& asked, WallTime now);

// "oldest acceptable timestamp is: 2026-01-02T03:04:05Z", as Loki's ingester and distributor say
// it.
std::optional<WallTime> oldest_allowed_in(std::string_view words);

}  // namespace paws::forwarder
