#include "collectors/runner_log_lines.h"

#include "core/text.h"

#include <utility>

namespace paws::collectors {

namespace {

// journald was held up, and what the listener printed meanwhile came in one piece: the later line
// names a later second. A name would have to guess both the second and the delay.
constexpr std::chrono::seconds held_up{2};
constexpr std::chrono::seconds rounding{1};

// Under ACTIONS_RUNNER_PRINT_LOG_TO_STDOUT the trace of listener and worker comes between.
bool is_trace(std::string_view text) {
    return text.starts_with("[RUNNER 2") || text.starts_with("[WORKER 2");
}

}  // namespace

bool RunnerLines::belongs(const LogLine& line) const {
    if (!open_ || std::chrono::abs(line.at - open_->at) > together ||
        line.at - open_->began > longest_write) {
        return false;
    }
    auto rest = trim(line.text);
    const auto printed = take_printed_time(rest);
    const bool later = printed && *printed > open_->printed && *printed <= line.at + rounding;
    return !later || line.at - open_->printed <= held_up;
}

// One more line of the open name; the last line of a finished job's name carries the result.
std::optional<ListenerEvent> RunnerLines::add(const LogLine& line) {
    open_->at = line.at;
    ++open_->more;
    if (!open_->finishing) {
        running_->more = open_->more;
        return std::nullopt;
    }
    const std::string text = " " + std::string{trim(line.text)};
    const auto end = text.rfind(completed_with);
    const auto result = end == std::string::npos || open_->more < running_->more
                            ? std::nullopt
                            : parse_job_result(text.substr(end + completed_with.size()));
    if (!result) {
        return std::nullopt;
    }
    const auto printed = std::exchange(open_, std::nullopt)->printed;
    return ListenerEvent{.says = Says::job_finished,
                         .text = std::exchange(running_, std::nullopt)->first,
                         .result = result,
                         .printed = printed};
}

// A "Job ..." line that names the running job and is cut off by a line break in its name.
bool RunnerLines::opens_end(const LogLine& line) const {
    static constexpr std::string_view job = "Job ";
    auto rest = trim(line.text);
    if (!running_ || !take_printed_time(rest) || !rest.starts_with(job)) {
        return false;
    }
    rest.remove_prefix(job.size());
    return line.broken || printable(trim(rest)) == running_->first;
}

std::optional<ListenerEvent> RunnerLines::begin(const LogLine& line) {
    if (opens_end(line)) {
        auto rest = trim(line.text);
        const auto printed = take_printed_time(rest);
        open_ = Open{.began = line.at,
                     .at = line.at,
                     .printed = printed.value_or(line.at),
                     .finishing = true};
        return std::nullopt;
    }
    auto event = parse_listener_line(line.text);
    if (event && event->says == Says::job_started) {
        running_ = Name{.first = event->text};
        open_ = Open{.began = line.at, .at = line.at, .printed = event->printed.value_or(line.at)};
    } else if (event && event->says == Says::job_finished) {
        running_.reset();
    }
    return event;
}

std::optional<ListenerEvent> RunnerLines::next(const LogLine& line) {
    const bool rest = std::exchange(rest_follows_, line.broken);
    if (!rest && is_trace(line.text)) {
        return std::nullopt;
    }
    if (open_ && (rest || belongs(line))) {
        return add(line);
    }
    open_.reset();
    return rest ? std::nullopt : begin(line);
}

}  // namespace paws::collectors
