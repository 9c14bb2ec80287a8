#include "forwarder/level.h"

#include <algorithm>

namespace paws::forwarder {

namespace {

struct Words {
    std::string_view text;
    Level level;
};

// The listener's own lines; ">= 2.333" spells "occurred", those before "occured".
constexpr std::array beginnings{
    Words{"An error occur", Level::error},
    Words{"Failed to create a session.", Level::error},
    Words{"Failed to create session.", Level::error},
    Words{"The runner no longer exists on the server.", Level::error},
    Words{"Runner is not configured.", Level::error},
    Words{"Not configured.", Level::error},
    Words{"Fail to create and validate runner's work directory", Level::error},
    Words{"Runner update failed:", Level::error},
    Words{"Stop retry on SessionConflictException", Level::error},
    Words{"Stopped retrying OAuth token request", Level::error},
    Words{"A session for this runner already exists.", Level::warning},
    Words{"The local machine's clock may be out of sync", Level::warning},
    Words{"Warning:", Level::warning},
    Words{"Runner connect error:", Level::warning},
};

constexpr std::array job_ends{
    Words{" completed with result: Failed", Level::error},
    Words{" completed with result: Canceled", Level::warning},
    Words{" completed with result: Abandoned", Level::warning},
    Words{" completed with result: SucceededWithIssues", Level::warning},
};

// "2026-01-02 03:04:05Z: " before some lines.
std::string_view without_time(std::string_view line) {
    constexpr std::string_view shape = "2026-01-02 03:04:05Z: ";
    const bool has_time = line.size() > shape.size() && line[4] == '-' && line[13] == ':' &&
                          line.substr(19, 3) == "Z: ";
    return has_time ? line.substr(shape.size()) : line;
}

// With the trace on the console: "[RUNNER 2026-01-02 03:04:05Z INFO JobDispatcher] ...".
std::optional<Level> level_of_printed_trace(std::string_view line) {
    constexpr std::string_view runner = "[RUNNER ";
    constexpr std::string_view worker = "[WORKER ";
    constexpr std::size_t stamp = std::string_view{"2026-01-02 03:04:05Z "}.size();
    if (!line.starts_with(runner) && !line.starts_with(worker)) {
        return std::nullopt;
    }
    return line.size() < runner.size() + stamp + 4
               ? std::nullopt
               : level_of_trace(line.substr(runner.size() + stamp, 4));
}

}  // namespace

Level level_of_priority(std::string_view priority) {
    constexpr std::array by_priority{Level::critical,
                                     Level::critical,
                                     Level::critical,
                                     Level::error,
                                     Level::warning,
                                     Level::info,
                                     Level::info,
                                     Level::debug};
    const bool known = priority.size() == 1 && priority[0] >= '0' && priority[0] <= '7';
    return known ? by_priority.at(static_cast<std::size_t>(priority[0] - '0')) : Level::info;
}

std::optional<Level> level_of_console(std::string_view line) {
    if (const auto traced = level_of_printed_trace(line)) {
        return traced;
    }
    const auto text = without_time(line);
    const auto* const begins = std::ranges::find_if(
        beginnings, [&](const Words& words) { return text.starts_with(words.text); });
    if (begins != beginnings.end()) {
        return begins->level;
    }
    if (!text.starts_with("Job ")) {
        return std::nullopt;
    }
    const auto* const ends = std::ranges::find_if(
        job_ends, [&](const Words& words) { return text.ends_with(words.text); });
    return ends == job_ends.end() ? std::nullopt : std::optional{ends->level};
}

std::optional<Level> level_of_trace(std::string_view word) {
    constexpr std::array words{Words{"CRIT", Level::critical},
                               Words{"ERR ", Level::error},
                               Words{"WARN", Level::warning},
                               Words{"INFO", Level::info},
                               Words{"VERB", Level::debug}};
    const auto* const found = std::ranges::find(words, word, &Words::text);
    return found == words.end() ? std::nullopt : std::optional{found->level};
}

}  // namespace paws::forwarder
