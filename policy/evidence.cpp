#include "policy/evidence.h"

#include "core/names.h"
#include "core/snapshot.h"
#include "policy/processes.h"
#include "policy/waiting.h"

#include <algorithm>
#include <cmath>
#include <string>

namespace paws::policy {

namespace {

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

double age_seconds(BootTime time, const Now& now) {
    return to_seconds(now.boot - time);
}

std::string socket_words(const Sockets& sockets, const Runner& runner, const ContactView& contact) {
    auto words = std::to_string(sockets.established) + " established";
    if (runner.unit_state.value && runner.unit_state.value->own_network) {
        return words + "; the unit has a network of its own, which is not seen";
    }
    if (contact.by_lease) {
        return words + ", its job's among them; the lease counts";
    }
    return contact.shared ? words + ", shared with other processes of the unit: weak" : words;
}

std::string reach_words(const std::string& server, const Reach& reach) {
    if (!reach.failure) {
        return server + " answers this host";
    }
    return server + " does not: " + std::string{to_string(reach.failure->stage)} + ": " +
           reach.failure->what;
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

// How GitHub looks from here: the runner's sockets, our own attempts, its own list.
void add_network_evidence(std::vector<Evidence>& found,
                          const Runner& runner,
                          const ContactView& contact,
                          const Now& now) {
    if (const auto* sockets = fresh(runner.sockets, now)) {
        found.push_back({.fact = "github_sockets",
                         .value = socket_words(*sockets, runner, contact),
                         .age_seconds = sockets->last_received_seconds});
    }
    add_lease_evidence(found, runner, now);
    if (const auto* reaches = fresh(runner.reaches, now, network_fresh_for)) {
        for (const auto& [server, reach] : *reaches) {
            found.push_back({.fact = "reach",
                             .value = reach_words(server, reach),
                             .age_seconds = age_seconds(reach.tried.boot, now)});
        }
    }
    if (const auto* api = fresh(runner.api, now, network_fresh_for)) {
        found.push_back(
            {.fact = "github_api",
             .value = std::string{to_string(api->registration)} + (api->busy ? ", busy" : ""),
             .age_seconds = age_seconds(runner.api.taken.boot, now)});
    }
    if (const auto kept = job_kept_from(runner, now); kept && kept->job != nullptr) {
        const auto& job = *kept->job;
        found.push_back({.fact = "waiting_job",
                         .value = job.name + " of run " + std::to_string(job.run_id) +
                                  " has waited for a runner with labels that this one has for " +
                                  std::to_string(std::lround(job.seconds)) + " s",
                         .age_seconds = age_seconds(runner.waiting.taken.boot, now)});
    }
}

}  // namespace

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
    add_network_evidence(found, runner, contact, now);
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
