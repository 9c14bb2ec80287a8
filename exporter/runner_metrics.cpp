#include "core/names.h"
#include "exporter/runner_view.h"
#include "exporter/sections.h"

#include <array>

namespace paws::exporter {

namespace {

constexpr std::string_view never = "never, for a runner that was found";
constexpr std::string_view no_log =
    "the journal cannot be read (`pawsctl status` says why), the runner is listed without a unit, "
    "or what was counted before this start cannot be read yet";

constexpr const char* true_or_false(bool value) {
    return value ? "true" : "false";
}

void info(const View& view, Series& out) {
    for (const auto& runner : view.runners()) {
        const auto* settings = settings_of(view, runner);
        const auto version = version_of(view, runner);
        out.add(1,
                {runner.name,
                 settings != nullptr ? settings->agent_name : "",
                 settings != nullptr ? scope_of(settings->github_url) : "",
                 runner.unit,
                 version,
                 settings != nullptr ? true_or_false(settings->ephemeral) : ""});
    }
}

void up(const View& view, Series& out) {
    for (const auto& runner : view.runners()) {
        out.add(is_up(view.state(runner)) ? 1 : 0, {runner.name});
    }
}

void state(const View& view, Series& out) {
    for (const auto& runner : view.runners()) {
        for (const auto each : runner_states) {
            out.add(each == view.state(runner) ? 1 : 0, {runner.name, to_string(each)});
        }
    }
}

void health(const View& view, Series& out) {
    for (const auto& runner : view.runners()) {
        for (const auto each : healths) {
            out.add(each == view.health(runner) ? 1 : 0, {runner.name, to_string(each)});
        }
    }
}

void problem(const View& view, Series& out) {
    for (const auto& runner : view.runners()) {
        if (const auto* judgement = view.judged(runner)) {
            for (const auto each : judgement->problems.checked) {
                out.add(judgement->problems.found.contains(each) ? 1 : 0,
                        {runner.name, to_string(each)});
            }
        }
    }
}

void last_contact(const View& view, Series& out) {
    for (const auto& runner : view.runners()) {
        const auto* judgement = view.judged(runner);
        if (judgement != nullptr && judgement->last_contact) {
            out.add(to_unix_seconds(*judgement->last_contact), {runner.name});
        }
    }
}

void sockets(const View& view, Series& out) {
    for (const auto& runner : view.runners()) {
        if (const auto* seen = view.fresh(runner.sockets)) {
            out.add(seen->established, {runner.name});
        }
    }
}

// Asked for once a minute, and so fresh for longer than what the kernel says.
void waiting_job(const View& view, Series& out) {
    for (const auto& runner : view.runners()) {
        const auto* waiting =
            view.outdated ? nullptr : fresh(runner.waiting, view.snapshot.taken, network_fresh_for);
        if (waiting != nullptr) {
            out.add(waiting->longest ? waiting->longest->seconds : 0, {runner.name});
        }
    }
}

void busy(const View& view, Series& out) {
    for (const auto& runner : view.runners()) {
        if (const auto state = view.state(runner); state != RunnerState::unknown) {
            const bool works = state == RunnerState::busy || state == RunnerState::draining;
            out.add(works ? 1 : 0, {runner.name});
        }
    }
}

void restarts(const View& view, Series& out) {
    for (const auto& runner : view.runners()) {
        if (const auto* unit = view.fresh(runner.unit_state)) {
            out.add(unit->restarts, {runner.name});
        }
    }
}

template <class Value>
void each_log(const View& view, const Value& value) {
    for (const auto& runner : view.runners()) {
        if (const auto* log = view.fresh(runner.log); log != nullptr && log->counters_known) {
            value(runner, log->counters);
        }
    }
}

template <class Key>
std::uint64_t count_of(const std::map<Key, std::uint64_t>& counts, const Key& key) {
    const auto found = counts.find(key);
    return found == counts.end() ? 0 : found->second;
}

void connect_errors(const View& view, Series& out) {
    each_log(view, [&](const Runner& runner, const RunnerCounters& counters) {
        out.add(counters.connect_errors, {runner.name});
    });
}

// The codes of the listener (runner: Constants.cs, ReturnCode) and what node reports beside them.
constexpr std::array<std::string_view, 11> exit_codes{
    "0", "1", "2", "3", "4", "5", "6", "7", "null", "-2", "other"};

void listener_exits(const View& view, Series& out) {
    each_log(view, [&](const Runner& runner, const RunnerCounters& counters) {
        std::map<std::string_view, std::uint64_t> exits;
        for (const auto& [code, count] : counters.listener_exits) {
            const auto known = std::ranges::find(exit_codes, std::string_view{code});
            exits[known != exit_codes.end() ? *known : exit_codes.back()] += count;
        }
        for (const auto code : exit_codes) {
            out.add(exits[code], {runner.name, code});
        }
    });
}

void jobs(const View& view, Series& out) {
    each_log(view, [&](const Runner& runner, const RunnerCounters& counters) {
        for (const auto result : job_results) {
            out.add(count_of(counters.jobs, result), {runner.name, to_string(result)});
        }
    });
}

void job_duration(const View& view, Series& out) {
    each_log(view, [&](const Runner& runner, const RunnerCounters& counters) {
        out.add_histogram(job_duration_bounds_seconds,
                          counters.job_durations,
                          counters.job_duration_sum_seconds,
                          {runner.name});
    });
}

void jobs_lost(const View& view, Series& out) {
    each_log(view, [&](const Runner& runner, const RunnerCounters& counters) {
        for (const auto reason : lost_reasons) {
            out.add(count_of(counters.lost, reason), {runner.name, to_string(reason)});
        }
    });
}

// While it works: by its lines, or by a worker where those cannot be read.
bool works(const View& view, const Runner& runner) {
    const auto* log = view.fresh(runner.log);
    const auto* processes = view.fresh(runner.processes);
    return (log != nullptr && log->job) ||
           (processes != nullptr && count_of(processes->counts, ProcessRole::worker) > 0);
}

void job_lease(const View& view, Series& out) {
    for (const auto& runner : view.runners()) {
        const auto* trace = view.fresh(runner.trace);
        if (trace != nullptr && trace->lease_renewed && works(view, runner)) {
            const auto age = to_seconds(view.snapshot.taken.wall - *trace->lease_renewed);
            out.add(std::max(age, 0.0), {runner.name});
        }
    }
}

void version_age(const View& view, Series& out) {
    for (const auto& runner : view.runners()) {
        const auto* files = view.fresh(runner.files);
        if (files != nullptr && files->version_built) {
            out.add(to_seconds(view.snapshot.taken.wall - *files->version_built), {runner.name});
        }
    }
}

constexpr std::array runner_table{
    Metric{.name = "paws_runner_info",
           .kind = Kind::info,
           .labels = "runner,agent_name,scope,unit,version,ephemeral",
           .help = "What the runner is: its name at GitHub, the organisation or repository it "
                   "serves, its unit and version. Unknown values are empty.",
           .absent = never,
           .fill = info},
    Metric{.name = "paws_runner_up",
           .labels = "runner",
           .help = "Whether the runner works: its state is idle, busy, updating or draining.",
           .absent = never,
           .fill = up},
    Metric{.name = "paws_runner_state",
           .labels = "runner,state",
           .help = "What the runner does: 1 for its present state, 0 for the others.",
           .absent = never,
           .fill = state},
    Metric{.name = "paws_runner_health",
           .labels = "runner,health",
           .help = "Whether to worry about the runner: 1 for its present health, 0 for the "
                   "others.",
           .absent = never,
           .fill = health},
    Metric{.name = "paws_runner_problem",
           .labels = "runner,problem",
           .help = "What is wrong with the runner: 1 while the problem lasts.",
           .absent = "the facts that would tell of the problem are missing",
           .fill = problem},
    Metric{.name = "paws_runner_last_contact_timestamp_seconds",
           .unit = "seconds",
           .labels = "runner",
           .help = "The last sign of life between the runner and GitHub, in Unix time.",
           .absent = "no contact was seen since the agent started",
           .fill = last_contact},
    Metric{.name = "paws_runner_github_socket_established",
           .labels = "runner",
           .help = "Established connections of the runner's unit to GitHub or its proxy.",
           .absent = "the kernel has no cgroup v2 or no sock_diag with cgroup ids (before 5.8), "
                     "or the unit has no processes",
           .fill = sockets},
    Metric{.name = "paws_runner_connect_errors_total",
           .kind = Kind::counter,
           .labels = "runner",
           .help = "Connection errors that the runner printed since the agent first saw it.",
           .absent = no_log,
           .fill = connect_errors},
    Metric{.name = "paws_runner_listener_exits_total",
           .kind = Kind::counter,
           .labels = "runner,code",
           .help = "Ends of the listener by exit code since the agent first saw it; null is a "
                   "signal, -2 a listener that could not be started.",
           .absent = no_log,
           .fill = listener_exits},
    Metric{.name = "paws_runner_service_restarts_total",
           .kind = Kind::counter,
           .labels = "runner",
           .help = "Restarts of the unit by systemd (NRestarts).",
           .absent = "hosts without systemd, and runners listed without a unit",
           .fill = restarts},
    Metric{.name = "paws_runner_waiting_job_seconds",
           .unit = "seconds",
           .labels = "runner",
           .help = "How long the longest waits of the jobs at GitHub that the runner could take; 0 "
                   "while none does.",
           .absent = "[github] jobs is off, the runner is an organisation's or enterprise's, or "
                     "GitHub was not asked lately, as while the runner is busy",
           .fill = waiting_job},
    Metric{.name = "paws_runner_busy",
           .labels = "runner",
           .help = "Whether the runner runs a job: its state is busy or draining.",
           .absent = "the runner's state is unknown",
           .fill = busy},
    Metric{
        .name = "paws_runner_jobs_total",
        .kind = Kind::counter,
        .labels = "runner,result",
        .help =
            "Jobs that ended since the agent first saw the runner, by result; lost never said one.",
        .absent = no_log,
        .fill = jobs},
    Metric{.name = "paws_runner_job_duration_seconds",
           .kind = Kind::histogram,
           .unit = "seconds",
           .labels = "runner",
           .help = "Durations of jobs that ended since the agent first saw the runner.",
           .absent = no_log,
           .fill = job_duration},
    Metric{.name = "paws_runner_job_lease_seconds",
           .unit = "seconds",
           .labels = "runner",
           .help =
               "Age of the running job's lease: time since its runner last renewed it, which it "
               "does every minute. GitHub gives the job up after about ten.",
           .absent = "no job runs, or the runner's _diag directory cannot be read",
           .fill = job_lease},
    Metric{.name = "paws_runner_jobs_lost_total",
           .kind = Kind::counter,
           .labels = "runner,reason",
           .help = "Jobs that ended without a result since the agent first saw the runner, by "
                   "what ended them.",
           .absent = no_log,
           .fill = jobs_lost},
    Metric{.name = "paws_runner_version_age_seconds",
           .unit = "seconds",
           .labels = "runner",
           .help = "Age of the runner's version: time since its listener was built.",
           .absent = "the runner's directory cannot be read",
           .fill = version_age},
};

}  // namespace

std::span<const Metric> runner_metrics() {
    return runner_table;
}

}  // namespace paws::exporter
