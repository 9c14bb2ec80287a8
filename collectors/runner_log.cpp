#include "collectors/runner_log.h"

#include "core/text.h"
#include "core/utc.h"

#include <algorithm>
#include <array>
#include <chrono>
#include <utility>

namespace paws::collectors {

namespace {

constexpr std::size_t longest_name = 256;
constexpr std::string_view too_old = "is deprecated and cannot receive messages";
constexpr std::string_view retrying = ". Retrying until reconnected.";

// What a line begins with, and what of it is worth keeping.
enum class Keep { nothing, rest, all };
struct Opening {
    std::string_view begins;
    Says says{};
    Keep keep = Keep::nothing;
};

// "Failed to create a session. The runner registration ..." is told apart by its contents, below.
constexpr std::array openings{
    Opening{"Starting Runner listener with startup type", Says::starting},
    Opening{"Started listener process, pid:", Says::launched, Keep::rest},
    Opening{"Runner listener fail to start with error", Says::launch_failed, Keep::rest},
    Opening{"Stopping the runner after", Says::gave_up},
    Opening{"Shutting down runner listener", Says::shutting_down},
    Opening{"Sending SIGINT to runner listener", Says::shutting_down},
    Opening{"A session for this runner already exists", Says::conflict},
    Opening{"Stop retry on SessionConflictException", Says::conflict},
    Opening{"The local machine's clock may be out of sync", Says::clock_skew, Keep::all},
    Opening{"Stopped retrying OAuth token request", Says::session_failed, Keep::all},
    Opening{"Failed to create session.", Says::session_failed, Keep::rest},
    Opening{"The runner no longer exists on the server", Says::deregistered},
    Opening{"An error occurred:", Says::error, Keep::rest},
    Opening{"An error occured:", Says::error, Keep::rest},  // spelt so until about 2.333
    Opening{"Fail to create and validate runner's work directory", Says::error, Keep::all},
    Opening{"Runner is not configured", Says::not_configured},
    Opening{"Not configured.", Says::not_configured},
    Opening{"Runner update in progress", Says::update_begins},
    Opening{"Downloading ", Says::update_progress},
    Opening{"Waiting for current job finish running", Says::update_progress},
    Opening{"Generate and execute update script", Says::update_progress},
    Opening{"Runner will exit shortly for update", Says::update_progress},
    Opening{"Runner update failed:", Says::update_failed, Keep::rest},
    Opening{"Runner update process finished", Says::update_ends},
    Opening{"Exiting...", Says::exiting},
};

constexpr std::array<std::pair<std::string_view, JobResult>, 6> result_words{{
    {"Succeeded", JobResult::succeeded},
    {"SucceededWithIssues", JobResult::succeeded_with_issues},
    {"Failed", JobResult::failed},
    {"Canceled", JobResult::canceled},
    {"Skipped", JobResult::skipped},
    {"Abandoned", JobResult::abandoned},
}};

// The wrapper's sentences about an exit and the code each of them stands for.
struct Verdict {
    std::string_view contains;
    std::string_view code;
};
constexpr std::array verdicts{Verdict{"with 0 return code", "0"},
                              Verdict{"with terminated error", "1"},
                              Verdict{"with retryable error", "2"},
                              Verdict{"because of updating", "3"},
                              Verdict{"Session Conflict", "5"}};

// Without terminal control sequences (ECMA-48: ESC [ parameters final); other escapes stay and
// make the line unreadable or, in a name, U+FFFD. So does one that a name begins and the blank
// after it breaks off: what stands behind the name must not be swallowed.
std::string without_colours(std::string_view line) {
    std::string plain;
    while (!line.empty()) {
        const auto escape = line.find("\x1B[");
        plain += line.substr(0, escape);
        if (escape == std::string_view::npos) {
            break;
        }
        line.remove_prefix(escape + 2);
        const auto* const final =
            std::ranges::find_if_not(line, [](char c) { return c >= '0' && c <= '?'; });
        if (final == line.end() || *final < '@' || *final > '~') {
            plain += "\x1B[";
            continue;
        }
        line.remove_prefix(static_cast<std::size_t>(final - line.begin() + 1));
    }
    return plain;
}

ListenerEvent event(Says says, std::string_view text = {}) {
    return {.says = says, .text = printable(trim(text), longest_name)};
}

bool drop_front(std::string_view& text, std::string_view front) {
    if (!text.starts_with(front)) {
        return false;
    }
    text.remove_prefix(front.size());
    return true;
}

std::optional<ListenerEvent> parse_job_line(std::string_view line) {
    if (drop_front(line, "Running job:")) {
        return event(Says::job_started, line);
    }
    if (!drop_front(line, "Job ")) {
        return std::nullopt;
    }
    // The last of them: a name may say "completed with result" itself.
    const auto end = line.rfind(completed_with);
    const auto result = end == std::string_view::npos
                            ? std::nullopt
                            : parse_job_result(line.substr(end + completed_with.size()));
    if (!result) {
        return std::nullopt;
    }
    auto finished = event(Says::job_finished, line.substr(0, end));
    finished.result = result;
    return finished;
}

std::optional<ListenerEvent> parse_stamped(std::string_view line) {
    if (auto job = parse_job_line(line)) {
        return job;
    }
    if (line.find('\n') != std::string_view::npos) {
        return std::nullopt;
    }
    if (line == "Listening for Jobs") {
        return event(Says::listening);
    }
    if (line.starts_with("Runner reconnected")) {
        return event(Says::reconnected);
    }
    if (drop_front(line, "Runner connect error:")) {
        const auto end = line.ends_with(retrying) ? line.size() - retrying.size() : line.size();
        return event(Says::connect_error, line.substr(0, end));
    }
    return std::nullopt;
}

// A number of at most four characters, or node's `null`.
std::optional<ListenerEvent> parse_exit(std::string_view code) {
    code = trim(code);
    if (code == "null" || (code.size() <= 4 && parse_integer<int>(code))) {
        return event(Says::exited, code);
    }
    return std::nullopt;
}

std::optional<ListenerEvent> parse_verdict(std::string_view line) {
    const bool stops = line.find("stop the service") != std::string_view::npos ||
                       line.find("exiting service") != std::string_view::npos;
    if (!stops && line.find("re-launch") == std::string_view::npos) {
        return std::nullopt;
    }
    const auto known = std::ranges::find_if(verdicts, [&](const Verdict& verdict) {
        return line.find(verdict.contains) != std::string_view::npos;
    });
    return event(stops ? Says::stopping : Says::relaunching,
                 known == verdicts.end() ? "other" : known->code);
}

std::optional<ListenerEvent> parse_version(std::string_view line) {
    line = trim(line);
    if (line.size() > 2 && line.front() == '\'' && line.back() == '\'') {
        line = line.substr(1, line.size() - 2);
    }
    const bool version = !line.empty() && line.size() <= 32 && line.front() >= '0' &&
                         line.front() <= '9' && std::ranges::all_of(line, [](char c) {
                             return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') ||
                                    (c >= 'A' && c <= 'Z') || c == '.' || c == '-' || c == '+';
                         });
    return version ? std::optional{event(Says::version, line)} : std::nullopt;
}

// Lines that begin with a tick: U+221A, or whatever a C locale made of it.
std::optional<ListenerEvent> parse_ticked(std::string_view line) {
    static constexpr std::size_t longest_tick = 16;
    static constexpr std::array<std::pair<std::string_view, Says>, 3> endings{{
        {"Connected to GitHub", Says::connected},
        {"Removed .credentials", Says::removed_credentials},
        {"Removed .runner", Says::removed_settings},
    }};
    for (const auto& [ending, says] : endings) {
        if (line.ends_with(ending) && line.size() <= ending.size() + longest_tick) {
            return event(says);
        }
    }
    return std::nullopt;
}

std::optional<ListenerEvent> parse_opening(std::string_view line) {
    const auto known = std::ranges::find_if(
        openings, [&](const Opening& opening) { return line.starts_with(opening.begins); });
    if (known == openings.end()) {
        return std::nullopt;
    }
    if (known->keep == Keep::nothing) {
        return event(known->says);
    }
    const auto kept = known->keep == Keep::rest ? line.substr(known->begins.size()) : line;
    const bool deprecated = kept.find(too_old) != std::string_view::npos;
    return event(known->says == Says::error && deprecated ? Says::deprecated : known->says, kept);
}

std::optional<ListenerEvent> parse_plain(std::string_view line) {
    if (line.starts_with("Failed to create a session") &&
        line.find("registration has been deleted") != std::string_view::npos) {
        return event(Says::deregistered);
    }
    if (drop_front(line, "Runner listener exited with error code")) {
        return parse_exit(line);
    }
    if (line.starts_with("Runner listener exit ")) {
        return parse_verdict(line);
    }
    if (drop_front(line, "Current runner version:")) {
        return parse_version(line);
    }
    if (auto ticked = parse_ticked(line)) {
        return ticked;
    }
    return parse_opening(line);
}

}  // namespace

std::optional<JobResult> parse_job_result(std::string_view word) {
    const auto* const known =
        std::ranges::find(result_words, word, &std::pair<std::string_view, JobResult>::first);
    return known == result_words.end() ? std::nullopt : std::optional{known->second};
}

std::optional<WallTime> take_printed_time(std::string_view& line) {
    static constexpr std::string_view shape = "YYYY-MM-DD hh:mm:ssZ: ";
    const auto time = parse_utc(line.substr(0, shape.size()), shape);
    if (!time) {
        return std::nullopt;
    }
    line.remove_prefix(shape.size());
    return time;
}

std::optional<ListenerEvent> parse_listener_line(std::string_view line) {
    const auto plain = without_colours(line);
    auto rest = trim(plain);
    if (const auto printed = take_printed_time(rest)) {
        auto stamped = parse_stamped(rest);
        if (stamped) {
            stamped->printed = printed;
        }
        return stamped;
    }
    return rest.find('\n') == std::string_view::npos ? parse_plain(rest) : std::nullopt;
}

}  // namespace paws::collectors
