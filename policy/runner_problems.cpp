#include "policy/runner_problems.h"

#include "core/snapshot.h"
#include "policy/host.h"
#include "policy/runner_state.h"
#include "policy/thresholds.h"

#include <algorithm>

namespace paws::policy {

namespace {

using std::chrono::nanoseconds;

// Three exits within a minute without listening in between, until five minutes have been quiet.
bool crash_loops(const RunnerLog& log, const Now& now) {
    const auto& exits = log.recent_exits;
    if (exits.size() < crash_loop_exits || now.wall - exits.back() > crash_loop_memory) {
        return false;
    }
    const auto first = exits[exits.size() - crash_loop_exits];
    const bool close = exits.back() - first <= crash_loop_window;
    const bool listened_between = log.listening && *log.listening > first;
    return close && !listened_between;
}

bool version_is_late(const Runner& runner, const Now& now) {
    if (runner.log.value && runner.log.value->deprecated) {
        return true;
    }
    const auto* files = fresh(runner.files, now);
    return files != nullptr && files->settings && files->settings->disable_update &&
           files->version_built && now.wall - *files->version_built > version_age_warn;
}

bool unit_changed(const Unit& unit) {
    const bool active = unit.active_state == "active";
    return unit.needs_daemon_reload ||
           (active && (unit.unit_file_state == "disabled" || unit.unit_file_state == "masked"));
}

void add_process_problems(std::set<Problem>& found, const Runner& runner, const Now& now) {
    const auto* processes = fresh(runner.processes, now);
    if (processes == nullptr) {
        return;
    }
    const auto orphans = processes->counts.find(ProcessRole::orphan_worker);
    if (orphans != processes->counts.end() && orphans->second > 0) {
        found.insert(Problem::orphan_worker);
    }
}

void add_disk_problems(std::set<Problem>& found, const Runner& runner, const Host& host) {
    const auto* filesystem = filesystem_of(host, runner.root);
    if (filesystem == nullptr) {
        return;
    }
    if (bytes_fullness(*filesystem) >= Fullness::filling) {
        found.insert(Problem::disk);
    }
    if (inodes_fullness(*filesystem) == Fullness::full) {
        found.insert(Problem::inodes);
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

}  // namespace

std::set<Problem> runner_problems(const Runner& runner, const HostView& host, const Now& now) {
    std::set<Problem> found;
    for (const auto problem : {Problem::cpu, Problem::memory, Problem::clock}) {
        if (host.judged.problems.contains(problem)) {
            found.insert(problem);
        }
    }
    const auto* log = fresh(runner.log, now);
    if (log != nullptr && crash_loops(*log, now)) {
        found.insert(Problem::crash_loop);
    }
    if (version_is_late(runner, now)) {
        found.insert(Problem::version);
    }
    const auto* unit = fresh(runner.unit_state, now);
    if (unit != nullptr && unit_changed(*unit)) {
        found.insert(Problem::unit_changed);
    }
    add_process_problems(found, runner, now);
    add_disk_problems(found, runner, host.facts);
    return found;
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
    return found;
}

}  // namespace paws::policy
