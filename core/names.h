// Names: the words by which enumerators are known outside: in labels, JSON and the command's
// output.

#pragma once

#include "core/judgement.h"

#include <string_view>

namespace paws {

constexpr std::string_view to_string(RunnerState state) {
    switch (state) {
        case RunnerState::unknown:
            return "unknown";
        case RunnerState::stopped:
            return "stopped";
        case RunnerState::done:
            return "done";
        case RunnerState::unregistered:
            return "unregistered";
        case RunnerState::starting:
            return "starting";
        case RunnerState::updating:
            return "updating";
        case RunnerState::offline:
            return "offline";
        case RunnerState::hung:
            return "hung";
        case RunnerState::draining:
            return "draining";
        case RunnerState::busy:
            return "busy";
        case RunnerState::idle:
            return "idle";
    }
    return "unknown";
}

constexpr std::string_view to_string(Health health) {
    switch (health) {
        case Health::ok:
            return "ok";
        case Health::degraded:
            return "degraded";
        case Health::failed:
            return "failed";
        case Health::unknown:
            return "unknown";
    }
    return "unknown";
}

constexpr std::string_view to_string(Problem problem) {
    switch (problem) {
        case Problem::crash_loop:
            return "crash_loop";
        case Problem::orphan_worker:
            return "orphan_worker";
        case Problem::contact_late:
            return "contact_late";
        case Problem::lease_late:
            return "lease_late";
        case Problem::job_stuck:
            return "job_stuck";
        case Problem::worker_stuck:
            return "worker_stuck";
        case Problem::jobs_failing:
            return "jobs_failing";
        case Problem::spool:
            return "spool";
        case Problem::install:
            return "install";
        case Problem::update:
            return "update";
        case Problem::diag:
            return "diag";
        case Problem::disk:
            return "disk";
        case Problem::inodes:
            return "inodes";
        case Problem::memory:
            return "memory";
        case Problem::cpu:
            return "cpu";
        case Problem::version:
            return "version";
        case Problem::clock:
            return "clock";
        case Problem::unit_changed:
            return "unit_changed";
        case Problem::duplicate:
            return "duplicate";
        case Problem::jobs_wait:
            return "jobs_wait";
    }
    return "unknown";
}

constexpr std::string_view to_string(JobResult result) {
    switch (result) {
        case JobResult::succeeded:
            return "succeeded";
        case JobResult::succeeded_with_issues:
            return "succeeded_with_issues";
        case JobResult::failed:
            return "failed";
        case JobResult::canceled:
            return "canceled";
        case JobResult::skipped:
            return "skipped";
        case JobResult::abandoned:
            return "abandoned";
        case JobResult::lost:
            return "lost";
    }
    return "unknown";
}

constexpr std::string_view to_string(LostReason reason) {
    switch (reason) {
        case LostReason::superseded:
            return "superseded";
        case LostReason::listener_exit:
            return "listener_exit";
        case LostReason::session_restart:
            return "session_restart";
        case LostReason::worker_gone:
            return "worker_gone";
    }
    return "unknown";
}

constexpr std::string_view to_string(ProcessRole role) {
    switch (role) {
        case ProcessRole::shell:
            return "shell";
        case ProcessRole::wrapper:
            return "wrapper";
        case ProcessRole::listener:
            return "listener";
        case ProcessRole::worker:
            return "worker";
        case ProcessRole::orphan_worker:
            return "orphan_worker";
        case ProcessRole::helper:
            return "helper";
        case ProcessRole::job:
            return "job";
    }
    return "unknown";
}

constexpr std::string_view to_string(Blame blame) {
    switch (blame) {
        case Blame::unknown:
            return "unknown";
        case Blame::job:
            return "job";
        case Blame::runner:
            return "runner";
        case Blame::host:
            return "host";
        case Blame::network:
            return "network";
        case Blame::github:
            return "github";
    }
    return "unknown";
}

constexpr std::string_view to_string(HungSign sign) {
    switch (sign) {
        case HungSign::silent_sockets:
            return "silent_sockets";
        case HungSign::late_lease:
            return "late_lease";
        case HungSign::no_socket:
            return "no_socket";
        case HungSign::github_disagrees:
            return "github_disagrees";
        case HungSign::jobs_wait:
            return "jobs_wait";
        case HungSign::stuck_process:
            return "stuck_process";
    }
    return "unknown";
}

constexpr std::string_view to_string(ReachStage stage) {
    switch (stage) {
        case ReachStage::name:
            return "name";
        case ReachStage::connect:
            return "connect";
        case ReachStage::proxy:
            return "proxy";
        case ReachStage::tls:
            return "tls";
        case ReachStage::http:
            return "http";
    }
    return "unknown";
}

constexpr std::string_view to_string(Registration registration) {
    switch (registration) {
        case Registration::online:
            return "online";
        case Registration::offline:
            return "offline";
        case Registration::absent:
            return "absent";
    }
    return "unknown";
}

// Active, connected, able to work: what paws_runner_up counts.
constexpr bool is_up(RunnerState state) {
    return state == RunnerState::idle || state == RunnerState::busy ||
           state == RunnerState::updating || state == RunnerState::draining;
}

}  // namespace paws
