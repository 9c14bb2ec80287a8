#include "collectors/runner_trace.h"

#include "collectors/job_message.h"
#include "collectors/trace_lines.h"
#include "core/text.h"
#include "core/utc.h"

#include <algorithm>
#include <chrono>

namespace paws::collectors {

namespace {

using namespace std::chrono_literals;
using platform::Beneath;

constexpr std::string_view listener_prefix = "Runner_";
constexpr std::string_view worker_prefix = "Worker_";
// The runner keeps a month of them, thousands on a busy host.
constexpr std::size_t most_files = 50'000;
// A page that was just closed beside the next, or two listeners at once.
constexpr std::size_t followed_at_once = 2;
constexpr std::size_t read_in_a_round = std::size_t{1} << 20U;
constexpr std::size_t longest_message = std::size_t{1} << 20U;
// A directory's time is as coarse as the kernel's tick: a young one may yet change unseen.
constexpr auto coarse_time = 2s;
// A worker's trace is opened after its job was announced, and its name has whole seconds.
constexpr auto name_precision = 2s;

// The newest by name, which is by time, last. Of others' names only the good ones are kept.
std::vector<std::string> traces_among(const std::vector<std::string>& names,
                                      std::string_view prefix) {
    std::vector<std::string> traces;
    std::ranges::copy_if(names, std::back_inserter(traces), [&](const std::string& name) {
        return trace_opened(name, prefix).has_value();
    });
    std::ranges::sort(traces);
    return traces;
}

std::string explain(const Error& error) {
    if (error.code == Errc::denied) {
        return error.what +
               ": the agent's user may not look there, so that the lease of a job "
               "is not known";
    }
    return error.what;
}

}  // namespace

std::optional<WallTime> trace_opened(std::string_view name, std::string_view prefix) {
    static constexpr std::string_view suffix = "-utc.log";
    static constexpr std::string_view shape = "YYYYMMDD-hhmmss";
    if (!name.starts_with(prefix) || !name.ends_with(suffix) ||
        name.size() != prefix.size() + shape.size() + suffix.size()) {
        return std::nullopt;
    }
    return parse_utc(name.substr(prefix.size(), shape.size()), shape);
}

Result<void> RunnerTraceCollector::list(const Beneath& diag, Known& known, const Now& now) {
    const auto status = diag.status(".");
    if (!status) {
        return status.error();
    }
    if (known.listed == *status && now.wall - status->modified > coarse_time) {
        return {};
    }
    const auto names = diag.list(most_files);
    if (!names) {
        return names.error();
    }
    known.listed = *status;
    known.listeners = traces_among(*names, listener_prefix);
    known.workers = traces_among(*names, worker_prefix);
    return {};
}

// Keeps the place in those that were followed before.
void RunnerTraceCollector::follow(Known& known) {
    const auto count = std::min(known.listeners.size(), followed_at_once);
    std::vector<Trace> next;
    for (auto name = known.listeners.end() - static_cast<std::ptrdiff_t>(count);
         name != known.listeners.end();
         ++name) {
        const auto old = std::ranges::find(known.followed, *name, &Trace::name);
        next.push_back(old != known.followed.end() ? std::move(*old)
                                                   : Trace{.name = *name, .tail = {}});
    }
    known.followed = std::move(next);
}

// The older first, so that what ends there comes before what begins in the next.
Result<void> RunnerTraceCollector::read(const Beneath& diag, Known& known, const Now& now) {
    hold_back(known.trace, now.wall);
    Result<void> newest;
    for (auto& [name, tail] : known.followed) {
        const auto file = diag.open_file(name);
        auto budget = read_in_a_round;
        newest = file ? tail.read(*file,
                                  budget,
                                  [&](std::string_view line) {
                                      if (const auto event = parse_trace_line(line)) {
                                          fold(known.trace, *event, now.wall);
                                      }
                                  })
                      : Result<void>{file.error()};
    }
    return newest;
}

// The first trace that was opened since the job began is its worker's first page.
void RunnerTraceCollector::identify(const Beneath& diag,
                                    const std::optional<Job>& job,
                                    Known& known) {
    if (!job || (known.trace.job && known.trace.job->started == job->started)) {
        return;
    }
    const auto trace = std::ranges::find_if(known.workers, [&](const std::string& name) {
        return *trace_opened(name, worker_prefix) >= job->started - name_precision;
    });
    if (trace == known.workers.end()) {
        return;
    }
    const auto file = diag.open_file(*trace);
    const auto status = file ? file->status() : Result<platform::FileStatus>{file.error()};
    if (!status || known.read == *status) {
        return;
    }
    known.read = *status;
    const auto text = file->read(0, longest_message);
    const auto message = parse_job_message(text ? *text : "");
    const auto identity = job_identity(message.words);
    const bool anothers =
        !message.display_name.empty() && printable(trim(message.display_name)) != job->name;
    if (identity && !anothers) {
        known.trace.job = TracedJob{.started = job->started, .identity = *identity};
    }
}

// What the newest page of a running job's worker says of its end. One that cannot be read is left
// alone: job code may have put it there.
void RunnerTraceCollector::hear_worker(const Beneath& diag,
                                       const std::optional<Job>& job,
                                       Known& known,
                                       const Now& now) {
    const bool there =
        job && !known.workers.empty() &&
        *trace_opened(known.workers.back(), worker_prefix) >= job->started - name_precision;
    if (!there) {
        known.worker.reset();
        return;
    }
    if (!known.worker || known.worker->name != known.workers.back()) {
        known.worker = Trace{.name = known.workers.back(), .tail = {}};
    }
    const auto file = diag.open_file(known.worker->name);
    auto budget = read_in_a_round;
    const auto hear = [&](std::string_view line) {
        const auto event = parse_trace_line(line);
        if (event && event->says == Traces::steps_ended) {
            fold(known.trace, *event, now.wall);
        }
    };
    if (!file || !known.worker->tail.read(*file, budget, hear)) {
        known.worker.reset();
    }
}

// Empty, or why nothing newer can be read.
std::string RunnerTraceCollector::look(const Runner& runner, Known& known, const Now& now) const {
    const auto diag = directories_.open(runner.name, runner.root, platform::RunnerPart::diag);
    if (!diag) {
        return explain(diag.error());
    }
    if (const auto listed = list(*diag, known, now); !listed) {
        return explain(listed.error());
    }
    follow(known);
    const auto read_all = read(*diag, known, now);
    const auto job = runner.log.value ? runner.log.value->job : std::nullopt;
    identify(*diag, job, known);
    hear_worker(*diag, job, known, now);
    if (known.followed.empty()) {
        return "no trace of a listener in " + diag->path();
    }
    return read_all ? "" : explain(read_all.error());
}

Result<Fill> RunnerTraceCollector::collect(const Facts& seen, const Now& now) {
    std::vector<std::pair<std::string, RunnerTrace>> found;
    for (const auto& runner : seen.runners) {
        if (runner.root.empty()) {
            continue;
        }
        auto& known = known_[runner.name];
        if (known.root != runner.root) {
            known = Known{};
            known.root = runner.root;
        }
        known.trace.error = printable(look(runner, known, now), 1024);
        found.emplace_back(runner.name, known.trace);
    }
    std::erase_if(known_, [&](const auto& known) {
        return std::ranges::find(seen.runners, known.first, &Runner::name) == seen.runners.end();
    });
    return Fill{[found = std::move(found), now](Facts& draft) {
        for (const auto& [name, trace] : found) {
            if (auto* runner = find_runner(draft, name)) {
                runner->trace = {.value = trace, .taken = now};
            }
        }
    }};
}

}  // namespace paws::collectors
