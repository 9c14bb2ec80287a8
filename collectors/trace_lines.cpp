#include "collectors/trace_lines.h"

#include "core/text.h"
#include "core/utc.h"

#include <algorithm>
#include <array>

namespace paws::collectors {

namespace {

constexpr std::string_view stamp_shape = "YYYY-MM-DD hh:mm:ssZ";
constexpr std::size_t longest_component = 64;  // a class of the runner
constexpr std::array<std::string_view, 5> levels{"CRIT", "ERR ", "WARN", "INFO", "VERB"};

// Who says it, how it begins, what it contains after that.
struct Wording {
    std::string_view component;  // empty: anyone
    std::string_view begins;
    std::string_view contains;
    Traces says{};
};
constexpr std::array wordings{
    Wording{"JobDispatcher", "Successfully renew job ", "", Traces::lease_renewed},
    Wording{"JobDispatcher", "Catch exception during renew runner job", "", Traces::renewal_failed},
    Wording{"JobDispatcher", "Lock renewal has run out of retry", "", Traces::lease_lost},
    Wording{"JobDispatcher", "Job request ", " received", Traces::job_received},
    Wording{"JobDispatcher", "Worker finished for job ", " Code: ", Traces::worker_ended},
    Wording{"JobRunner", "Job result after all job steps finish", "", Traces::steps_ended},
    Wording{"Listener", "Version: ", "", Traces::listener_started},
    Wording{
        "Listener", "Runner execution has finished with return code ", "", Traces::listener_ended},
    Wording{"", "Back off ", " before next retry", Traces::backs_off},
};

// The number that the line ends with; nothing when it is not one.
std::optional<std::string> code_at_end(std::string_view text) {
    while (text.ends_with('.')) {
        text.remove_suffix(1);
    }
    const auto word = text.substr(text.find_last_of(' ') + 1);  // npos + 1 is the beginning
    const auto code = word.size() <= 6 ? parse_integer<int>(word) : std::nullopt;
    return code ? std::optional{std::to_string(*code)} : std::nullopt;
}

}  // namespace

std::optional<TraceLine> split_trace_line(std::string_view line) {
    if (!line.starts_with('[') || line.size() < stamp_shape.size() + 8) {
        return std::nullopt;
    }
    const auto at = parse_utc(line.substr(1, stamp_shape.size()), stamp_shape);
    line.remove_prefix(1 + stamp_shape.size());
    if (!at || line.front() != ' ' ||
        std::ranges::find(levels, line.substr(1, 4)) == levels.end() || line[5] != ' ') {
        return std::nullopt;
    }
    line.remove_prefix(6);
    const auto end = line.substr(0, longest_component).find("] ");
    if (end == std::string_view::npos) {
        return std::nullopt;
    }
    return TraceLine{
        .at = *at, .component = line.substr(0, end), .text = trim(line.substr(end + 2))};
}

std::optional<TraceEvent> parse_trace_line(std::string_view line) {
    const auto parts = split_trace_line(line);
    if (!parts) {
        return std::nullopt;
    }
    const auto* const known = std::ranges::find_if(wordings, [&](const Wording& wording) {
        return (wording.component.empty() || wording.component == parts->component) &&
               parts->text.starts_with(wording.begins) &&
               parts->text.find(wording.contains, wording.begins.size()) != std::string_view::npos;
    });
    if (known == wordings.end()) {
        return std::nullopt;
    }
    TraceEvent event{.says = known->says, .at = parts->at, .text = {}};
    if (known->says == Traces::worker_ended || known->says == Traces::listener_ended) {
        const auto code = code_at_end(parts->text);
        if (!code) {
            return std::nullopt;
        }
        event.text = *code;
    }
    return event;
}

void fold(RunnerTrace& trace, const TraceEvent& event, WallTime now) {
    const auto at = std::min(event.at, now);
    switch (event.says) {
        case Traces::job_received:
            trace.lease_renewed.reset();
            trace.renewal_failed.reset();
            trace.lease_lost.reset();
            trace.worker_ended.reset();
            trace.worker_exit_code.clear();
            trace.steps_ended.reset();
            break;
        case Traces::steps_ended:
            trace.steps_ended = at;
            break;
        case Traces::lease_renewed:
            // Two listeners may write at once, each to its own file.
            trace.lease_renewed = std::max(trace.lease_renewed.value_or(at), at);
            trace.renewal_failed.reset();
            break;
        case Traces::renewal_failed:
            trace.renewal_failed = trace.renewal_failed.value_or(at);
            break;
        case Traces::lease_lost:
            trace.lease_lost = at;
            break;
        case Traces::worker_ended:
            trace.worker_ended = at;
            trace.worker_exit_code = event.text;
            break;
        case Traces::backs_off:
            trace.backs_off = at;
            break;
        case Traces::listener_started:
            trace.listener_ended.reset();
            trace.listener_exit_code.clear();
            break;
        case Traces::listener_ended:
            trace.listener_ended = at;
            trace.listener_exit_code = event.text;
            break;
    }
}

void hold_back(RunnerTrace& trace, WallTime now) {
    for (auto* const time : {&trace.lease_renewed,
                             &trace.renewal_failed,
                             &trace.lease_lost,
                             &trace.worker_ended,
                             &trace.steps_ended,
                             &trace.backs_off,
                             &trace.listener_ended}) {
        if (*time) {
            *time = std::min(**time, now);
        }
    }
}

}  // namespace paws::collectors
