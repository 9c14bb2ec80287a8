#include "policy/blame.h"

#include "core/snapshot.h"
#include "policy/host.h"

#include <algorithm>
#include <array>

namespace paws::policy {

namespace {

bool is_full(const Runner& runner, const HostView& host, const Now& now) {
    const auto* filesystem = filesystem_of(host.facts, runner.root, now);
    return filesystem != nullptr && (filesystem->read_only || does_not_answer(*filesystem) ||
                                     bytes_fullness(*filesystem) == Fullness::full ||
                                     inodes_fullness(*filesystem) == Fullness::full);
}

// What of the host makes a listener fail, whatever it says itself.
bool host_fails_it(const Runner& runner, const HostView& host, const Now& now) {
    return host.judged.problems.found.contains(Problem::clock) || is_full(runner, host, now);
}

Blame of_stopped(const Runner& runner, const HostView& host, const Now& now) {
    static const Unit no_unit;
    static const RunnerLog no_log;
    const auto& unit = runner.unit_state.value ? *runner.unit_state.value : no_unit;
    const auto& log = runner.log.value ? *runner.log.value : no_log;
    // systemd.exec(5), "Process Exit Codes": systemd could not even start it.
    const bool never_ran =
        unit.result == "exit-code" && unit.exec_main_status >= 200 && unit.exec_main_status <= 245;
    if (unit.result == "oom-kill" || never_ran || host_fails_it(runner, host, now)) {
        return Blame::host;
    }
    if (log.unregistered) {
        return Blame::github;  // stopped although GitHub lists it: it was told a falsehood
    }
    if (const auto* reach = polled_reach(runner, now);
        reach != nullptr && reach->failure && log.listener_exit_code == "2") {
        return reach->failure->stage == ReachStage::http ? Blame::github : Blame::network;
    }
    return Blame::runner;
}

Blame of_offline(const Runner& runner,
                 const ContactView& contact,
                 const HostView& host,
                 const Now& now) {
    if (host_fails_it(runner, host, now)) {
        return Blame::host;
    }
    return contact.explanation ? contact.explanation->blame : Blame::runner;
}

std::optional<Blame> of_problems(const Problems& problems, const ContactView& contact) {
    static constexpr std::array hosts{
        Problem::disk, Problem::inodes, Problem::memory, Problem::cpu, Problem::clock};
    if (problems.found.empty()) {
        return std::nullopt;
    }
    const bool host = std::ranges::any_of(
        hosts, [&](Problem problem) { return problems.found.contains(problem); });
    const bool late = problems.found.contains(Problem::lease_late) ||
                      problems.found.contains(Problem::contact_late);
    if (late && contact.explanation) {
        return contact.explanation->blame;
    }
    if (host) {
        return Blame::host;
    }
    return problems.found.contains(Problem::job_stuck) ? Blame::job : Blame::runner;
}

// Somebody wanted these.
bool is_wanted(const StateView& view) {
    return std::ranges::any_of(std::array{"operator", "disabled", "masked"},
                               [&](const char* word) { return view.reason.starts_with(word); });
}

}  // namespace

std::optional<Blame> blame_for(const Runner& runner,
                               const Findings& found,
                               const HostView& host,
                               const Now& now) {
    switch (found.view.state) {
        case RunnerState::unknown:
            return Blame::unknown;
        case RunnerState::stopped:
            return is_wanted(found.view) ? std::nullopt
                                         : std::optional{of_stopped(runner, host, now)};
        case RunnerState::unregistered:
        case RunnerState::hung:
            return Blame::runner;
        case RunnerState::offline:
            return of_offline(runner, found.contact, host, now);
        case RunnerState::done:
        case RunnerState::starting:
        case RunnerState::updating:
        case RunnerState::draining:
        case RunnerState::busy:
        case RunnerState::idle:
            return of_problems(found.problems, found.contact);
    }
    return Blame::unknown;
}

}  // namespace paws::policy
