#include "tests/traces/observer.h"

#include "collectors/process_roles.h"
#include "collectors/processes.h"
#include "collectors/runner_log_fold.h"

#include <algorithm>
#include <utility>

namespace paws::traces {

using namespace std::chrono_literals;

namespace {

// Copies what changed since it was copied last.
template <class T>
void copy(const Watched<T>& from, std::uint64_t& copied, Sourced<T>& to) {
    if (copied != from.revision() || !to.value) {
        to.value = *from;
        copied = from.revision();
    }
}

Runner unseen(const SimulatedRunner& subject) {
    Runner runner;
    runner.name = subject.kind().name;
    runner.unit = "actions.runner." + runner.name + ".service";
    runner.root = "/opt/" + runner.name;
    return runner;
}

}  // namespace

Observer::Observer(const World& world,
                   const std::vector<SimulatedRunner>& runners,
                   std::uint64_t seed)
    : world_{world}, runners_{runners} {
    std::uint64_t stream = 1'000;
    for (const auto& runner : runners) {
        seen_.push_back({.github = GithubList{Dice{seed, stream}},
                         .prober = Prober{runner.kind(), Dice{seed, stream + 1}}});
        stream += 2;
    }
}

void Observer::begin(Instant now) {
    facts_ = {};
    for (std::size_t number = 0; number < runners_.size(); ++number) {
        facts_.runners.push_back(unseen(runners_[number]));
        auto& seen = seen_[number];
        seen.prober.forget(now);
        seen = {.github = seen.github, .prober = std::move(seen.prober)};
    }
    list_asked_ = now - 50s;
}

void Observer::follow_github(Instant now) {
    for (std::size_t number = 0; number < runners_.size(); ++number) {
        seen_[number].github.follow(world_, runners_[number].server(), now);
    }
}

void Observer::observe(Instant now) {
    at_ = now;
    now_ = {.wall = world_.wall(now), .boot = world_.boot(now)};
    const bool asks = now - list_asked_ >= 1min;
    if (asks) {
        list_asked_ = now;
    }
    for (std::size_t number = 0; number < runners_.size(); ++number) {
        const auto& subject = runners_[number];
        auto& seen = seen_[number];
        auto& runner = facts_.runners[number];
        watch_unit(subject, seen, runner);
        watch_processes(subject, seen, runner);
        watch_cgroup(subject, runner);
        watch_sockets(subject, runner);
        watch_trace(subject, seen, runner);
        read_journal(subject, seen, runner);
        seen.prober.advance(world_, now, runner.reaches);
        if (asks) {
            ask_github(subject, seen, runner);
        }
    }
    watch_host();
}

void Observer::watch_unit(const SimulatedRunner& subject, Seen& seen, Runner& runner) const {
    copy(subject.visible().files, seen.files, runner.files);
    runner.files.taken = now_;
    if (works(Trouble::units_missing)) {
        copy(subject.visible().unit, seen.unit, runner.unit_state);
        runner.unit_state.taken = now_;
    }
}

void Observer::watch_processes(const SimulatedRunner& subject, Seen& seen, Runner& runner) const {
    if (!runner.unit_state.value || !works(Trouble::processes_missing)) {
        return;
    }
    const auto& processes = subject.visible().processes;
    if (seen.processes != processes.revision() || !runner.processes.value) {
        // A helper is known by the role that it had.
        auto found = *processes;
        for (auto& process : found) {
            const auto known = std::ranges::find(seen.known, process.pid, &Process::pid);
            process.role = known == seen.known.end() ? ProcessRole::job : known->role;
        }
        collectors::assign_roles(found, runner.unit_state.value->main_pid);
        runner.processes.value = collectors::to_tree(found);
        seen.known = std::move(found);
        seen.processes = processes.revision();
    }
    runner.processes.taken = now_;
}

void Observer::watch_cgroup(const SimulatedRunner& subject, Runner& runner) const {
    if (!runner.unit_state.value || !works(Trouble::cgroup_missing)) {
        return;
    }
    const auto& visible = subject.visible();
    runner.cgroup.taken = now_;
    if (visible.unit->control_group.empty()) {
        runner.cgroup.value.reset();
        return;
    }
    static constexpr std::uint64_t process_bytes = 90'000'000;
    const auto pids = visible.processes->size();
    auto& cgroup = runner.cgroup.value ? *runner.cgroup.value : runner.cgroup.value.emplace();
    cgroup.path = visible.unit->control_group;
    cgroup.id = 7'000 + visible.starts;
    cgroup.cpu_seconds = to_seconds(visible.cpu);
    cgroup.pids = pids;
    cgroup.memory_bytes = pids * process_bytes;
    cgroup.memory_peak_bytes = std::max(cgroup.memory_peak_bytes.value_or(0), pids * process_bytes);
    cgroup.oom_kills = visible.oom_kills;
}

void Observer::watch_sockets(const SimulatedRunner& subject, Runner& runner) const {
    if (!runner.unit_state.value || !works(Trouble::sockets_missing)) {
        return;
    }
    runner.sockets.taken = now_;
    if (subject.visible().unit->control_group.empty()) {
        runner.sockets.value.reset();
        return;
    }
    Sockets sockets;
    for (const auto& socket : subject.visible().sockets) {
        if (!socket.established) {
            continue;
        }
        ++sockets.established;
        const auto age = to_seconds(world_.awake(at_) - socket.received);
        sockets.last_received_seconds = std::min(age, sockets.last_received_seconds.value_or(age));
    }
    runner.sockets.value = sockets;
}

void Observer::watch_trace(const SimulatedRunner& subject, Seen& seen, Runner& runner) const {
    if (subject.kind().trace_readable && works(Trouble::trace_missing)) {
        copy(subject.visible().trace, seen.trace, runner.trace);
        runner.trace.taken = now_;
    }
}

void Observer::read_journal(const SimulatedRunner& subject, Seen& seen, Runner& runner) const {
    if (!works(Trouble::journal_unreadable)) {
        return;
    }
    const auto& visible = subject.visible();
    if (seen.start != visible.starts) {  // another wrapper speaks
        seen.start = visible.starts;
        seen.read = 0;
        seen.lines = {};
    }
    for (; seen.read < visible.lines.size(); ++seen.read) {
        const auto& line = visible.lines[seen.read];
        if (const auto event = seen.lines.next({.text = line.text, .at = line.at})) {
            auto& log = runner.log.value ? *runner.log.value : runner.log.value.emplace();
            collectors::fold(log, *event, line.at);
            collectors::forget_told_jobs(log, &log);
        }
    }
    if (std::exchange(seen.first, false) && runner.log.value) {
        runner.log.value->counters = {};
    }
    runner.log.taken = now_;
}

void Observer::ask_github(const SimulatedRunner& subject, const Seen& seen, Runner& runner) const {
    const bool answers = works(Trouble::api_errors) && !world_.weather.blocked(at_) &&
                         works(Trouble::names_fail) && works(Trouble::probes_missing);
    if (subject.kind().api && answers) {
        runner.api = {.value = seen.github.says(), .taken = now_};
    }
}

}  // namespace paws::traces
