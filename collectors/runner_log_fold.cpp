#include "collectors/runner_log_fold.h"

#include "core/text.h"

#include <algorithm>
#include <cstddef>
#include <iterator>
#include <utility>

namespace paws::collectors {

namespace {

template <class T>
void remember(std::vector<T>& kept, T value, std::size_t limit) {
    if (kept.size() == limit) {
        kept.erase(kept.begin());
    }
    kept.push_back(std::move(value));
}

Job job_of(const ListenerEvent& event, WallTime at) {
    Job job;
    job.name = event.text;
    job.started = at;
    job.first_line = at;
    job.last_line = at;
    return job;
}

// Since when: the first sign of a series counts.
void since(std::optional<WallTime>& first, WallTime at) {
    first = first.value_or(at);
}

void count_duration(RunnerCounters& counters, std::chrono::nanoseconds span) {
    const auto seconds = to_seconds(span);
    const auto* const bucket = std::ranges::lower_bound(job_duration_bounds_seconds, seconds);
    ++counters.job_durations.at(
        static_cast<std::size_t>(bucket - job_duration_bounds_seconds.begin()));
    counters.job_duration_sum_seconds += seconds;
}

void close_job(RunnerLog& log, JobResult result, WallTime at) {
    log.job->finished = at;
    log.job->result = result;
    log.job->last_line = at;
    ++log.counters.jobs[result];
    remember(log.finished, *std::exchange(log.job, std::nullopt), untold_jobs_limit);
}

// A job may end without a word: its first lock renewal fails, it is cancelled before its worker
// starts, the worker does not take its message, the listener dies (runner: L/JobDispatcher.cs).
void lose_job(RunnerLog& log, LostReason reason, WallTime at) {
    if (log.job) {
        ++log.counters.lost[reason];
        log.job->lost = reason;
        close_job(log, JobResult::lost, at);
    }
}

// It was counted as lost when its worker was gone, and a job counts once.
bool ends_given_up_job(const RunnerLog& log, const ListenerEvent& event) {
    return !log.job && log.given_up && log.given_up->name == event.text;
}

void finish_job(RunnerLog& log, const ListenerEvent& event, WallTime at) {
    if (ends_given_up_job(log, event)) {
        log.given_up.reset();
        return;
    }
    const auto result = event.result.value_or(JobResult::failed);
    if (log.job && log.job->name == event.text) {
        count_duration(log.counters, at - log.job->started);
        close_job(log, result, at);
        return;
    }
    lose_job(log, LostReason::superseded, at);
    // Its beginning was not seen, so neither was its duration.
    log.job = job_of(event, at);
    close_job(log, result, at);
}

void contact(RunnerLog& log, WallTime at) {
    log.contact = at;
    log.connect_error.reset();
    log.connect_error_text.clear();
}

void listens(RunnerLog& log, WallTime at) {
    contact(log, at);
    log.listening = at;
    log.trying_since.reset();
    log.exits_in_vain = 0;
    log.conflict.reset();
    log.updating.reset();
    log.unregistered.reset();
    log.deprecated.reset();
    log.removed.reset();
}

// Only a listener with a session is given a job or reconnects: a "Listening" that was not seen is
// made up for.
void has_session(RunnerLog& log, WallTime at) {
    contact(log, at);
    log.conflict.reset();
    log.trying_since.reset();
    log.exits_in_vain = 0;
    const bool seen = log.listening && (!log.started || *log.listening >= *log.started);
    if (!seen) {
        log.listening = at;
    }
}

void start_job(RunnerLog& log, const ListenerEvent& event, WallTime at) {
    lose_job(log, LostReason::superseded, at);
    has_session(log, at);
    if (log.given_up && log.given_up->first_line == at) {
        return;  // read again, after a restart of the agent
    }
    if (log.given_up && log.given_up->first_line < at) {
        log.given_up.reset();
    }
    log.job = job_of(event, at);
}

void start_listener(RunnerLog& log, WallTime at) {
    lose_job(log, LostReason::listener_exit, at);
    log.started = at;
    since(log.trying_since, at);
    log.removed.reset();
    log.listener_exit.reset();
    log.listener_exit_code.clear();
    log.shutdown.reset();
}

void end_listener(RunnerLog& log, const std::string& code, WallTime at) {
    lose_job(log, LostReason::listener_exit, at);
    log.listener_exit = at;
    log.listener_exit_code = code;
    remember(log.recent_exits, at, remembered_exits);
    ++log.exits_in_vain;
    const bool usual = code == "null" || code == "-2" || (code.size() == 1 && code <= "7");
    ++log.counters.listener_exits[usual ? code : "other"];
}

void offline(RunnerLog& log, const ListenerEvent& event, WallTime at) {
    since(log.connect_error, at);
    log.connect_error_text = event.text;
}

void fold_wrapper(RunnerLog& log, const ListenerEvent& event, WallTime at) {
    switch (event.says) {
        case Says::starting:
            start_listener(log, at);
            break;
        case Says::exited:
            end_listener(log, event.text, at);
            break;
        case Says::relaunching:
        case Says::stopping:
            if (!log.listener_exit) {  // "exited with error code" is missing or worded differently
                end_listener(log, event.text, at);
            }
            break;
        case Says::shutting_down:
            since(log.shutdown, at);
            break;
        default:
            break;
    }
}

void fold_session(RunnerLog& log, const ListenerEvent& event, WallTime at) {
    switch (event.says) {
        case Says::listening:
            lose_job(log, LostReason::session_restart, at);
            listens(log, at);
            break;
        case Says::reconnected:
            has_session(log, at);
            break;
        case Says::connect_error:
            ++log.counters.connect_errors;
            offline(log, event, at);
            break;
        case Says::clock_skew:
        case Says::session_failed:
            offline(log, event, at);
            break;
        case Says::conflict:
            since(log.conflict, at);
            break;
        case Says::deregistered:
            since(log.unregistered, at);
            break;
        case Says::deprecated:
            since(log.deprecated, at);
            break;
        case Says::removed_settings:
            since(log.removed, at);
            break;
        default:
            break;
    }
}

// Every moment that a log names.
template <class Visit>
void visit_times(RunnerLog& log, Visit visit) {
    for (auto* const time : {&log.started,
                             &log.trying_since,
                             &log.listening,
                             &log.contact,
                             &log.connect_error,
                             &log.conflict,
                             &log.updating,
                             &log.update_failed,
                             &log.unregistered,
                             &log.deprecated,
                             &log.removed,
                             &log.listener_exit,
                             &log.shutdown}) {
        if (*time) {
            visit(**time);
        }
    }
    std::ranges::for_each(log.recent_exits, visit);
    if (log.job) {
        visit(log.job->started);
    }
    for (auto& job : log.finished) {
        visit(job.started);
        visit(*job.finished);
    }
}

// After the clock was set back, what we remember would lie in the future and seem newer than what
// comes. It moves back with the clock, so that order and durations stay.
void follow_clock(RunnerLog& log, WallTime at) {
    auto newest = at;
    visit_times(log, [&](WallTime& time) { newest = std::max(newest, time); });
    if (const auto step = newest - at; step > std::chrono::nanoseconds{0}) {
        visit_times(log, [&](WallTime& time) { time -= step; });
    }
}

}  // namespace

void fold(RunnerLog& log, const ListenerEvent& event, WallTime at) {
    follow_clock(log, at);
    switch (event.says) {
        case Says::version:
            if (log.version != event.text) {
                log.update_failed.reset();
            }
            log.version = event.text;
            break;
        case Says::job_started:
            start_job(log, event, at);
            break;
        case Says::job_finished:
            // Abandoned is the listener's own word after it lost GitHub.
            if (event.result != JobResult::abandoned) {
                has_session(log, at);
            }
            finish_job(log, event, at);
            break;
        case Says::update_begins:
            since(log.updating, at);
            break;
        case Says::update_failed:
            log.updating.reset();
            log.update_failed = at;
            break;
        default:
            fold_wrapper(log, event, at);
            fold_session(log, event, at);
            break;
    }
}

void give_up_job(RunnerLog& log, WallTime at) {
    if (!log.job) {
        return;
    }
    log.given_up = GivenUpJob{.first_line = log.job->first_line, .name = log.job->name};
    lose_job(log, LostReason::worker_gone, std::max(at, log.job->started));
    log.finished.back().last_line = log.given_up->first_line;  // no line has ended it
}

void forget_told_jobs(RunnerLog& log, const RunnerLog* told) {
    auto& finished = log.finished;
    auto untold = finished.begin();
    if (told != nullptr && !told->finished.empty()) {
        const auto is_last_told = [last = told->finished.back()](const Job& job) {
            return job.first_line == last.first_line && job.last_line == last.last_line &&
                   job.name == last.name;
        };
        const auto found = std::ranges::find_if(finished, is_last_told);
        untold = found == finished.end() ? finished.begin() : found + 1;
    }
    const auto excess = std::ssize(finished) - static_cast<std::ptrdiff_t>(remembered_jobs);
    if (excess > 0) {
        finished.erase(finished.begin(),
                       finished.begin() + std::min(excess, untold - finished.begin()));
    }
}

}  // namespace paws::collectors
