#include "policy/runner_problems.h"

#include "core/snapshot.h"
#include "policy/duplicate.h"
#include "policy/host.h"
#include "policy/processes.h"
#include "policy/thresholds.h"
#include "policy/waiting.h"

#include <algorithm>
#include <cmath>

namespace paws::policy {

namespace {

using std::chrono::nanoseconds;

// Three exits without listening in between, however slow, until five minutes have been quiet.
bool crash_loops(const RunnerLog& log, const Now& now) {
    return log.exits_in_vain >= crash_loop_exits && !log.recent_exits.empty() &&
           now.wall - log.recent_exits.back() <= crash_loop_memory;
}

// Told by the runner itself, or due: it does not update itself and its build is old.
std::optional<bool> version_is_late(const Runner& runner, const Now& now) {
    if (runner.log.value && runner.log.value->deprecated) {
        return true;
    }
    const auto* files = fresh(runner.files, now);
    if (files == nullptr || !files->settings || !files->version_built) {
        return std::nullopt;
    }
    return files->settings->disable_update && now.wall - *files->version_built > version_age_warn;
}

bool unit_changed(const Unit& unit) {
    const bool active = unit.active_state == "active";
    return unit.needs_daemon_reload ||
           (active && (unit.unit_file_state == "disabled" || unit.unit_file_state == "masked"));
}

std::optional<bool> has_orphan(const ProcessTree& processes) {
    const auto orphans = processes.counts.find(ProcessRole::orphan_worker);
    if (orphans != processes.counts.end() && orphans->second > 0) {
        return true;
    }
    return processes.error.empty() ? std::optional{false} : std::nullopt;  // it may be hidden
}

void check_disk(Problems& problems, const Runner& runner, const Host& host, const Now& now) {
    const auto* filesystem = filesystem_of(host, runner.root, now);
    if (filesystem == nullptr) {
        return;
    }
    const auto bytes = bytes_fullness(*filesystem);
    if (filesystem->read_only || does_not_answer(*filesystem)) {
        problems.check(Problem::disk, true);
    } else if (bytes != Fullness::unknown) {
        problems.check(Problem::disk, bytes >= Fullness::filling);
    }
    if (const auto inodes = inodes_fullness(*filesystem); inodes != Fullness::unknown) {
        problems.check(Problem::inodes, inodes == Fullness::full);
    }
}

// What the facts of its sockets or its job's lease say of the last minutes.
void check_contact(Problems& problems, const ContactView& contact) {
    if (!contact.watched) {
        return;
    }
    const auto kind = contact.by_lease ? Problem::lease_late : Problem::contact_late;
    problems.check(kind, contact.silent_for > contact_warn);
}

// Whether a job has gone on for very long and its processes do next to nothing.
std::optional<bool> job_is_stuck(const Runner& runner,
                                 std::optional<Exertion>& exertion,
                                 const Now& now) {
    const auto* log = fresh(runner.log, now);
    const auto* group = fresh(runner.cgroup, now);
    if (log == nullptr || !log->job) {
        exertion.reset();
        return log == nullptr ? std::nullopt : std::optional{false};
    }
    if (group == nullptr || !group->cpu_seconds) {
        return std::nullopt;
    }
    const double used = *group->cpu_seconds;
    if (!exertion || std::abs(used - exertion->cpu_seconds) > job_idle_cpu_seconds) {
        exertion = Exertion{.at = now.boot, .cpu_seconds = used};
    }
    return now.wall - log->job->started > job_age_warn && now.boot - exertion->at > job_idle_warn;
}

// A worker that hangs after its job's end, in upload or completion (actions/runner#4418).
std::optional<bool> worker_is_stuck(const Runner& runner, const Now& now) {
    const auto* trace = fresh(runner.trace, now);
    if (trace == nullptr || !trace->error.empty()) {
        return std::nullopt;
    }
    return has_worker(runner, now) && trace->steps_ended &&
           now.wall - *trace->steps_ended > worker_end_patience;
}

// A hook that is missing or fails takes every job down within seconds (runner: JobHookProvider.cs).
bool jobs_fail_at_once(const RunnerLog& log) {
    if (log.finished.size() < failing_jobs_warn) {
        return false;
    }
    return std::all_of(
        log.finished.end() - failing_jobs_warn, log.finished.end(), [](const Job& job) {
            return job.result == JobResult::failed && job.finished &&
                   *job.finished - job.started <= failing_job_duration;
        });
}

// It is there, it is free, and it is not given a job that it could take.
std::optional<bool> jobs_wait(const Runner& runner, const Now& now) {
    const auto kept = job_kept_from(runner, now);
    return kept ? std::optional{kept->job != nullptr && kept->seconds > to_seconds(job_wait_warn)}
                : std::nullopt;
}

// Pages that a killed worker left behind make later jobs fail that want the same names.
std::optional<bool> spool_is_stale(const Runner& runner, const Now& now) {
    const auto* files = fresh(runner.files, now);
    const auto* log = fresh(runner.log, now);
    if (files == nullptr || !files->diag_pages || log == nullptr || has_worker(runner, now)) {
        return std::nullopt;
    }
    const bool done_lately =
        log->job || (!log->finished.empty() && log->finished.back().finished &&
                     now.wall - *log->finished.back().finished < spool_patience);
    return *files->diag_pages > 0 && !done_lately;
}

std::optional<bool> diag_is_large(const Runner& runner) {
    if (!runner.directory_bytes.value) {
        return std::nullopt;
    }
    const auto diag = runner.directory_bytes.value->find("diag");
    if (diag == runner.directory_bytes.value->end()) {
        return std::nullopt;
    }
    return diag->second > diag_bytes_warn;
}

void check_jobs(Problems& problems,
                const Runner& runner,
                std::optional<Exertion>& exertion,
                const Now& now) {
    problems.check(Problem::job_stuck, job_is_stuck(runner, exertion, now));
    problems.check(Problem::worker_stuck, worker_is_stuck(runner, now));
    problems.check(Problem::jobs_wait, jobs_wait(runner, now));
    problems.check(Problem::spool, spool_is_stale(runner, now));
    if (const auto* log = fresh(runner.log, now)) {
        problems.check(Problem::jobs_failing, jobs_fail_at_once(*log));
        problems.check(Problem::crash_loop, crash_loops(*log, now));
        problems.check(Problem::update, log->update_failed.has_value());
    }
}

void check_install(Problems& problems, const Runner& runner, const Now& now) {
    problems.check(Problem::version, version_is_late(runner, now));
    problems.check(Problem::diag, diag_is_large(runner));
    if (const auto* files = fresh(runner.files, now); files != nullptr && files->settings) {
        problems.check(Problem::install, !files->start_fault.empty());
    }
    if (const auto* unit = fresh(runner.unit_state, now)) {
        problems.check(Problem::unit_changed, unit_changed(*unit));
    }
}

}  // namespace

Problems runner_problems(const Runner& runner,
                         const ContactView& contact,
                         const HostView& host,
                         std::optional<Exertion>& exertion,
                         const Now& now) {
    Problems problems;
    for (const auto problem : {Problem::cpu, Problem::memory, Problem::clock}) {
        if (host.judged.problems.checked.contains(problem)) {
            problems.check(problem, host.judged.problems.found.contains(problem));
        }
    }
    check_contact(problems, contact);
    check_jobs(problems, runner, exertion, now);
    check_install(problems, runner, now);
    if (const auto* processes = fresh(runner.processes, now)) {
        problems.check(Problem::orphan_worker, has_orphan(*processes));
    }
    problems.check(Problem::duplicate, duplicate_of(runner, host.runners, now).has_value());
    check_disk(problems, runner, host.facts, now);
    return problems;
}

}  // namespace paws::policy
