#include "policy/stopped.h"

#include "core/snapshot.h"

namespace paws::policy {

namespace {

bool crashed(const std::string& result) {
    return !result.empty() && result != "success";
}

// The wrapper ends with 0 whenever it stops by itself (runner: runsvc.sh), so that systemd calls a
// dead runner a success; only the wrapper's own lines tell it from an operator's stop.
StateView why_it_ended(const Runner& runner, bool listed) {
    static const RunnerLog no_log;
    const auto& log = runner.log.value ? *runner.log.value : no_log;
    const StateView view{.state = RunnerState::stopped, .reason = {}, .since = log.listener_exit};
    const auto because = [&](std::string reason) {
        auto found = view;
        found.reason = std::move(reason);
        return found;
    };
    if (runner.wish) {
        const auto* const asked = runner.wish->kind == WishKind::hold ? "on hold" : "drained";
        return because(std::string{"operator: "} + asked +
                       (runner.wish->note.empty() ? "" : ", " + runner.wish->note));
    }
    if (log.shutdown) {
        return because("operator: stopped on request");
    }
    if (log.unregistered && listed) {
        return because("clean_exit: it was told that it is not registered, but GitHub lists it");
    }
    if (log.listener_exit_code == "5") {
        return because("clean_exit: session conflict, the wrapper gave up");
    }
    if (log.deprecated) {
        return because("clean_exit: this runner version is deprecated, GitHub refuses it");
    }
    if (log.listener_exit) {
        return because("clean_exit: the listener ended with code " + log.listener_exit_code +
                       ", the wrapper stopped");
    }
    const bool ran = runner.unit_state.value && runner.unit_state.value->inactive_enter;
    if (ran && !runner.log.value) {
        return because("clean_exit: why is not known, none of its journal lines can be read");
    }
    return because("operator: not started");
}

// An ephemeral runner removes its own registration, and its listener then ends with 0.
bool finished_its_job(const Unit& unit, const RunnerLog& log) {
    const bool well = log.listener_exit_code.empty() || log.listener_exit_code == "0";
    return log.removed && !log.unregistered && well && !crashed(unit.result);
}

// GitHub's own word is stronger than what the runner was told: outages have called registrations
// deleted that were not (actions/runner#3440, #2967).
bool is_unregistered(const Runner& runner, const ApiRunner* api) {
    if (api != nullptr) {
        return api->registration == Registration::absent;
    }
    return runner.log.value && runner.log.value->unregistered.has_value();
}

}  // namespace

StateView stopped_state(const Runner& runner, const Now& now) {
    static const Unit no_unit;
    const auto& unit = runner.unit_state.value ? *runner.unit_state.value : no_unit;
    const auto* api = fresh(runner.api, now, network_fresh_for);
    const auto because = [&](RunnerState state, std::string reason) {
        return StateView{.state = state, .reason = std::move(reason), .since = unit.inactive_enter};
    };
    if (runner.log.value && finished_its_job(unit, *runner.log.value)) {
        return because(RunnerState::done, "ephemeral: its one job is done");
    }
    if (is_unregistered(runner, api)) {
        return because(RunnerState::unregistered, "GitHub no longer knows this runner");
    }
    if (unit.load_state == "masked" || unit.unit_file_state.starts_with("masked")) {
        return because(RunnerState::stopped, "masked: the unit cannot be started");
    }
    if (unit.result == "oom-kill") {
        return because(RunnerState::stopped, "oom: the kernel killed it for memory");
    }
    if (crashed(unit.result)) {
        return because(
            RunnerState::stopped,
            "crash: " + unit.result + ", status " + std::to_string(unit.exec_main_status));
    }
    auto ended = why_it_ended(runner, api != nullptr);
    if (ended.reason.starts_with("operator") && unit.unit_file_state == "disabled") {
        ended.reason = "disabled: the unit is not started at boot";
    }
    if (unit.inactive_enter) {
        ended.since = unit.inactive_enter;
    }
    return ended;
}

}  // namespace paws::policy
