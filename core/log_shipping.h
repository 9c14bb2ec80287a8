// Log shipping: how the agent does with the host's journal and the runners' traces on their way to
// Loki, as a plain value.

#pragma once

#include "core/time.h"

#include <algorithm>
#include <array>
#include <chrono>
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace paws {

enum class LogSource { journal, diag };
inline constexpr std::array log_sources{LogSource::journal, LogSource::diag};

// Why a line that was written will never be in Loki.
enum class LogLoss {
    vacuumed,    // journald removed it before it was read
    suppressed,  // journald itself did not take it: its sender was too fast, or the kernel's ring
                 // full
    unreadable,  // its entry is damaged
    too_long,    // of a line beyond all bounds the rest
};
inline constexpr std::array log_losses{
    LogLoss::vacuumed, LogLoss::suppressed, LogLoss::unreadable, LogLoss::too_long};

// Why a push failed.
enum class PushFailure {
    network,       // no connection, or it ended without an answer
    timeout,       // no answer in time
    rate_limited,  // 429
    server,        // 5xx
    refused,       // 400: some line of it
    credentials,   // 401, 403
    url,           // it does not lead to a Loki
};
inline constexpr std::array push_failures{PushFailure::network,
                                          PushFailure::timeout,
                                          PushFailure::rate_limited,
                                          PushFailure::server,
                                          PushFailure::refused,
                                          PushFailure::credentials,
                                          PushFailure::url};

constexpr std::string_view to_string(LogSource source) {
    return source == LogSource::journal ? "journal" : "diag";
}

constexpr std::string_view to_string(LogLoss loss) {
    switch (loss) {
        case LogLoss::vacuumed:
            return "vacuumed";
        case LogLoss::suppressed:
            return "suppressed";
        case LogLoss::unreadable:
            return "unreadable";
        case LogLoss::too_long:
            return "too_long";
    }
    return "";
}

constexpr std::string_view to_string(PushFailure failure) {
    switch (failure) {
        case PushFailure::network:
            return "network";
        case PushFailure::timeout:
            return "timeout";
        case PushFailure::rate_limited:
            return "rate_limited";
        case PushFailure::server:
            return "server";
        case PushFailure::refused:
            return "refused";
        case PushFailure::credentials:
            return "credentials";
        case PushFailure::url:
            return "url";
    }
    return "";
}

// Kept with the place in the journal, in one transaction: a crash repeats work and counts none
// twice.
struct LogCounts {
    std::map<LogSource, std::uint64_t> read;
    std::uint64_t sent = 0;
    std::uint64_t sent_bytes = 0;  // as they went over the wire
    std::uint64_t quarantined = 0;
    std::uint64_t gaps = 0;  // places where journald had removed entries that were not read
    std::map<LogLoss, std::uint64_t> lost;
    std::map<std::string, std::uint64_t> redactions;  // by rule

    bool operator==(const LogCounts&) const = default;
};

inline constexpr std::array push_duration_bounds_seconds{
    0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0};

// Since the agent started.
struct PushStatistics {
    std::map<PushFailure, std::uint64_t> failures;
    std::array<std::uint64_t, push_duration_bounds_seconds.size() + 1> durations{};  // per bucket
    double duration_sum_seconds = 0;
};

enum class ShippingState {
    starting,  // what was shipped before is not known yet, or Loki was not heard of
    shipping,
    retrying,  // Loki does not take lines just now; they wait in the journal
    paused,    // only an operator can help: Loki refuses the credentials, or the URL is wrong
};

constexpr std::string_view to_string(ShippingState state) {
    switch (state) {
        case ShippingState::starting:
            return "starting";
        case ShippingState::shipping:
            return "shipping";
        case ShippingState::retrying:
            return "retrying";
        case ShippingState::paused:
            return "paused";
    }
    return "";
}

// A line that Loki refused by itself. Its secrets are redacted like those of all others.
struct QuarantinedLine {
    WallTime at;
    std::string labels;
    std::string line;
    std::string reason;  // Loki's words
};

struct LogShipping {
    ShippingState state = ShippingState::starting;
    std::string trouble;  // why it does not ship, for people; empty when it does
    std::string url;
    bool begun_anew = false;  // no place was kept to go on from
    LogCounts counts;
    PushStatistics pushes;
    std::optional<WallTime> shipped_to;      // the newest journal entry that Loki has
    std::optional<WallTime> oldest_waiting;  // of lines that were read and are not in Loki
    std::optional<std::uint64_t>
        reserve_bytes;                  // journald writes and removes before what was not read
    std::optional<WallTime> last_push;  // the last that Loki took
    bool ships_traces = true;           // the runners', beside the journal
    std::string journal_trouble;        // why the journal cannot be read
    std::string traces_trouble;         // why a runner's traces cannot be read
    std::vector<QuarantinedLine> quarantined;  // the last few
    // Of refused lines that could not be kept and were too many to be held until they can.
    std::uint64_t quarantine_left_out = 0;
};

// Age of the oldest line that is known here and not in Loki; zero when there is none. Absent when
// that cannot be said: nothing was read yet, or there may be more in a journal that cannot be read.
inline std::optional<std::chrono::nanoseconds> lag_of(const LogShipping& logs, WallTime now) {
    if (logs.oldest_waiting) {
        return std::max<std::chrono::nanoseconds>(now - *logs.oldest_waiting, {});
    }
    const bool all_seen = logs.state != ShippingState::starting && logs.journal_trouble.empty();
    return all_seen ? std::optional{std::chrono::nanoseconds{0}} : std::nullopt;
}

}  // namespace paws
