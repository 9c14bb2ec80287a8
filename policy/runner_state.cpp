#include "policy/runner_state.h"

#include "core/snapshot.h"
#include "core/text.h"
#include "policy/hung.h"
#include "policy/processes.h"
#include "policy/stopped.h"
#include "policy/thresholds.h"

#include <algorithm>

namespace paws::policy {

namespace {

using std::chrono::nanoseconds;

// Everything that is asked of a live runner, gathered once.
struct Live {
    const Runner& runner;
    const ContactView& contact;
    const Now& now;
    const RunnerLog& log;
    const ProcessTree* processes;  // null: they cannot be seen just now
    const Process* listener;
};

StateView view(RunnerState state, std::string reason, std::optional<WallTime> since = {}) {
    return {.state = state, .reason = std::move(reason), .since = since};
}

nanoseconds age(WallTime time, const Now& now) {
    return std::max(now.wall - time, nanoseconds{0});
}

bool newer(const std::optional<WallTime>& one, const std::optional<WallTime>& other) {
    return one && (!other || *one > *other);
}

std::string minutes(nanoseconds span) {
    return std::to_string(std::chrono::duration_cast<std::chrono::minutes>(span).count()) + " min";
}

// The start that the runner is still in: the wrapper's, else the unit's.
std::optional<WallTime> started(const Live& live) {
    if (live.log.started) {
        return live.log.started;
    }
    return live.runner.unit_state.value ? live.runner.unit_state.value->active_enter : std::nullopt;
}

// The last line that it prints only while it listens or after it did: it says so once, maybe so
// long ago that journald has removed the line.
std::optional<WallTime> listened(const RunnerLog& log) {
    auto last = log.listening;
    if (log.job && newer(log.job->started, last)) {
        last = log.job->started;
    }
    const auto* ended = log.finished.empty() ? nullptr : &log.finished.back();
    if (ended != nullptr && ended->result != JobResult::lost && newer(ended->finished, last)) {
        last = ended->finished;
    }
    return last;
}

// A listener that received bytes from GitHub lately: proof enough where the journal tells nothing,
// or nothing of a start, neither of this one nor of one before.
bool is_heard(const Live& live) {
    const auto& last = live.contact.last;
    return live.listener != nullptr && live.contact.watched && last &&
           live.now.boot - *last <= contact_warn;
}

bool tells_of_no_start(const RunnerLog& log) {
    return !log.started && !log.listening && !log.listener_exit && !log.trying_since;
}

std::optional<StateView> not_ready(const Live& live) {
    const auto since = started(live);
    const auto heard = listened(live.log);
    const bool listening = heard && !newer(since, heard) && !newer(live.log.listener_exit, heard);
    const bool gone = live.processes != nullptr && live.listener == nullptr;
    if (listening && !gone) {
        return std::nullopt;
    }
    // However often it was started meanwhile.
    const auto begun = live.log.trying_since            ? live.log.trying_since
                       : gone && live.log.listener_exit ? live.log.listener_exit
                                                        : since;
    const std::string what =
        gone ? "no listener process" : "the listener has not said that it listens";
    if (begun && age(*begun, live.now) > start_patience) {
        if (tells_of_no_start(live.log) && is_heard(live)) {
            return std::nullopt;
        }
        return view(RunnerState::offline, what + " for " + minutes(age(*begun, live.now)), begun);
    }
    return view(RunnerState::starting, what + " yet", begun);
}

std::optional<StateView> updating(const Live& live) {
    if (!newer(live.log.updating, live.log.listening) ||
        age(*live.log.updating, live.now) > update_patience) {
        return std::nullopt;
    }
    return view(RunnerState::updating, "the runner replaces itself", live.log.updating);
}

// Explained silence: the way to GitHub is closed, or the runner itself says that it cannot reach
// it.
std::optional<StateView> explained_offline(const Live& live) {
    const auto& log = live.log;
    if (newer(log.conflict, log.contact) && newer(log.conflict, log.listening)) {
        return view(RunnerState::offline,
                    "session conflict: another listener holds this runner",
                    log.conflict);
    }
    const auto& explanation = live.contact.explanation;
    if (!explanation) {
        return std::nullopt;
    }
    // Where silence would not be noticed, what the runner says of itself has to be old enough.
    const bool silent = live.contact.watched
                            ? live.contact.silent_for > contact_warn
                            : log.connect_error && age(*log.connect_error, live.now) > contact_warn;
    if (!silent) {
        return std::nullopt;
    }
    return view(RunnerState::offline, explanation->text, explanation->since);
}

// Why a silence is not called a hang.
std::string unproven(const ContactView& contact) {
    if (!contact.way_known) {
        return "; whether this host reaches GitHub is not known";
    }
    if (contact.unexplained_for <= contact_block) {
        return "; what explained it is over for " + minutes(contact.unexplained_for);
    }
    return ", no error explains it";
}

// Silence that nothing explains. Without proof of a hang the runner is still not fit, so it is
// offline and never healthier than the truth.
std::optional<StateView> silent(const Live& live) {
    if (!live.contact.watched || live.contact.silent_for <= contact_block) {
        return std::nullopt;
    }
    const auto since = live.now.wall - live.contact.silent_for;
    const std::string quiet = (live.contact.by_lease ? "its job's lease was not renewed for "
                                                     : "nothing received from GitHub for ") +
                              minutes(live.contact.silent_for);
    const auto signs = hung_signs_of(live.runner, live.contact, live.now);
    if (is_hung(signs, live.contact)) {
        std::string proof;
        for (const auto sign : signs) {
            proof += (proof.empty() ? "" : ", ") + std::string{describe(sign)};
        }
        return view(RunnerState::hung, quiet + ": " + proof, since);
    }
    return view(RunnerState::offline, quiet + unproven(live.contact), since);
}

// It cannot answer: a job of the same user may have stopped it, and the sockets may be another's.
std::optional<StateView> frozen(const Live& live) {
    const char state = live.listener != nullptr ? live.listener->state : '?';
    if (state != 'T' && state != 't' && state != 'Z') {
        return std::nullopt;  // D passes
    }
    return view(RunnerState::offline,
                state == 'Z' ? "the listener has ended and its wrapper takes no notice"
                             : "the listener is stopped by a signal (process state T)");
}

bool has_worker(const Live& live) {
    return live.processes != nullptr && has(*live.processes, ProcessRole::worker);
}

// GitHub's list has it no more, and nothing of it is heard.
bool is_unregistered(const Live& live) {
    const auto* api = fresh(live.runner.api, live.now, network_fresh_for);
    if (api != nullptr && api->registration != Registration::absent) {
        return false;  // what the runner was told in an outage is not so
    }
    const bool told = live.log.unregistered && newer(live.log.unregistered, live.log.listening);
    const bool unheard = live.contact.watched && live.contact.silent_for > contact_warn;
    return told || (api != nullptr && unheard);
}

std::optional<StateView> busy(const Live& live) {
    const auto& job = live.log.job;
    const bool young = job && age(job->started, live.now) <= worker_patience;
    const bool works = live.processes != nullptr ? has_worker(live) || young : job.has_value();
    if (!works) {
        return std::nullopt;
    }
    return view(live.runner.wish ? RunnerState::draining : RunnerState::busy,
                job ? "runs " + job->name : "a worker runs",
                job ? std::optional{job->started} : std::nullopt);
}

StateView idle(const Live& live) {
    const auto heard = live.contact.last;
    if (!live.contact.watched && (!heard || live.now.boot - *heard > contact_block)) {
        return view(RunnerState::unknown,
                    "its connections cannot be seen, and no line of it proves contact" +
                        (heard ? " for " + minutes(live.now.boot - *heard) : std::string{}));
    }
    return view(RunnerState::idle, "listens for jobs", listened(live.log));
}

StateView live_state(const Live& live) {
    if (is_unregistered(live)) {
        return view(
            RunnerState::unregistered, "GitHub no longer knows this runner", live.log.unregistered);
    }
    if (const auto update = updating(live)) {
        return *update;
    }
    if (const auto offline = explained_offline(live)) {
        return *offline;
    }
    if (const auto start = not_ready(live)) {
        return *start;
    }
    if (const auto quiet = silent(live)) {
        return *quiet;
    }
    if (const auto stopped = frozen(live)) {
        return *stopped;
    }
    if (const auto works = busy(live)) {
        return *works;
    }
    return idle(live);
}

StateView without_lines(const Live& live) {
    if (is_heard(live)) {
        return has_worker(live) ? view(RunnerState::busy, "a worker runs")
                                : view(RunnerState::idle, "the listener hears from GitHub");
    }
    return view(RunnerState::unknown,
                live.runner.unit.empty()
                    ? "no unit is configured for it, so what it prints is not known"
                    : "no journal line of the runner can be read");
}

// Without systemd a runner is stopped when none of its processes is there.
bool is_stopped(const Runner& runner, const ProcessTree* processes) {
    if (runner.managed) {
        const auto& unit = *runner.unit_state.value;
        const bool dies_again = unit.sub_state == "auto-restart" && unit.result != "success";
        return unit.active_state == "inactive" || unit.active_state == "failed" ||
               unit.active_state == "deactivating" || dies_again;
    }
    return !has(*processes, ProcessRole::listener) && !has(*processes, ProcessRole::wrapper) &&
           !has(*processes, ProcessRole::shell);
}

}  // namespace

StateView runner_state(const Runner& runner, const ContactView& contact, const Now& now) {
    static const RunnerLog no_log;
    const auto* unit = fresh(runner.unit_state, now);
    const auto* processes = telling_processes(runner, now);
    const auto* log = fresh(runner.log, now);
    if (runner.managed && (unit == nullptr || unit->active_state.empty())) {
        return view(RunnerState::unknown, "systemd does not say how the unit is");
    }
    if (!runner.managed && processes == nullptr) {
        const auto* files = fresh(runner.files, now);
        const auto why = files != nullptr && !files->error.empty() ? ": " + files->error : "";
        return view(RunnerState::unknown, "its processes cannot be seen" + why);
    }
    if (is_stopped(runner, processes)) {
        return stopped_state(runner, now);
    }
    if (unit != nullptr && unit->active_state == "activating") {
        return view(RunnerState::starting,
                    "systemd starts the unit (" + unit->sub_state + ")",
                    unit->state_change);
    }
    const Live live{.runner = runner,
                    .contact = contact,
                    .now = now,
                    .log = log != nullptr ? *log : no_log,
                    .processes = processes,
                    .listener = listener_of(runner, now)};
    return log != nullptr ? live_state(live) : without_lines(live);
}

}  // namespace paws::policy
