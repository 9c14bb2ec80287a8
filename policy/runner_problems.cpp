#include "policy/runner_problems.h"

#include "core/snapshot.h"
#include "policy/host.h"
#include "policy/runner_state.h"
#include "policy/thresholds.h"

#include <algorithm>

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

double age_seconds(WallTime time, const Now& now) {
    return std::max(to_seconds(now.wall - time), 0.0);
}

Evidence line_evidence(std::string fact, std::string value, WallTime at, const Now& now) {
    return {
        .fact = std::move(fact), .value = std::move(value), .age_seconds = age_seconds(at, now)};
}

void add_log_evidence(std::vector<Evidence>& found, const RunnerLog& log, const Now& now) {
    if (log.listening) {
        found.push_back(line_evidence("listening", "Listening for Jobs", *log.listening, now));
    }
    if (log.connect_error) {
        found.push_back(
            line_evidence("connect_error", log.connect_error_text, *log.connect_error, now));
    }
    if (log.conflict) {
        found.push_back(line_evidence("session_conflict", "a session exists", *log.conflict, now));
    }
    if (log.listener_exit) {
        found.push_back(line_evidence(
            "listener_exit", "code " + log.listener_exit_code, *log.listener_exit, now));
    }
}

// Of a job that runs: how old its lease is, or that it was lost.
void add_lease_evidence(std::vector<Evidence>& found, const Runner& runner, const Now& now) {
    const auto* trace = fresh(runner.trace, now);
    const bool works = runner.log.value && runner.log.value->job;
    if (trace == nullptr || !works) {
        return;
    }
    if (trace->lease_lost) {
        found.push_back(line_evidence(
            "lease", "lost: its renewal ran out of retries", *trace->lease_lost, now));
    } else if (trace->lease_renewed) {
        found.push_back(line_evidence("lease",
                                      trace->renewal_failed ? "renewed, and then its renewal failed"
                                                            : "renewed by the listener",
                                      *trace->lease_renewed,
                                      now));
    }
}

}  // namespace

Problems runner_problems(const Runner& runner, const HostView& host, const Now& now) {
    Problems problems;
    for (const auto problem : {Problem::cpu, Problem::memory, Problem::clock}) {
        if (host.judged.problems.checked.contains(problem)) {
            problems.check(problem, host.judged.problems.found.contains(problem));
        }
    }
    if (const auto* log = fresh(runner.log, now)) {
        problems.check(Problem::crash_loop, crash_loops(*log, now));
    }
    problems.check(Problem::version, version_is_late(runner, now));
    if (const auto* unit = fresh(runner.unit_state, now)) {
        problems.check(Problem::unit_changed, unit_changed(*unit));
    }
    if (const auto* processes = fresh(runner.processes, now)) {
        problems.check(Problem::orphan_worker, has_orphan(*processes));
    }
    check_disk(problems, runner, host.facts, now);
    return problems;
}

std::vector<Evidence> evidence_of(const Runner& runner,
                                  const ContactView& contact,
                                  const Now& now) {
    std::vector<Evidence> found;
    if (const auto* unit = fresh(runner.unit_state, now)) {
        const auto age = to_seconds(now.boot - runner.unit_state.taken.boot);
        found.push_back({.fact = "unit",
                         .value = unit->active_state + " (" + unit->sub_state + "), result " +
                                  unit->result + ", " + unit->unit_file_state,
                         .age_seconds = age});
    }
    if (const auto* files = fresh(runner.files, now); files != nullptr && !files->error.empty()) {
        found.push_back({.fact = "files",
                         .value = files->error,
                         .age_seconds = to_seconds(now.boot - runner.files.taken.boot)});
    }
    if (const auto* listener = listener_of(runner, now)) {
        found.push_back({.fact = "listener",
                         .value = "pid " + std::to_string(listener->pid) + ", state " +
                                  std::string{listener->state},
                         .age_seconds = to_seconds(now.boot - runner.processes.taken.boot)});
    }
    if (const auto* sockets = fresh(runner.sockets, now)) {
        found.push_back({.fact = "github_sockets",
                         .value = std::to_string(sockets->established) + " established",
                         .age_seconds = sockets->last_received_seconds});
    }
    if (contact.last) {
        found.push_back({.fact = "contact",
                         .value = "last sign of life from GitHub",
                         .age_seconds = to_seconds(now.boot - *contact.last)});
    }
    if (runner.log.value) {
        add_log_evidence(found, *runner.log.value, now);
    }
    add_lease_evidence(found, runner, now);
    return found;
}

}  // namespace paws::policy
