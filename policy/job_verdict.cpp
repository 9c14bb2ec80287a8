#include "policy/job_verdict.h"

#include "core/time.h"
#include "policy/thresholds.h"

#include <string>

namespace paws::policy {

namespace {

JobVerdict verdict(Blame blame, std::string because) {
    return {.blame = blame, .because = std::move(because)};
}

bool went_well(const Job& job) {
    return job.result == JobResult::succeeded || job.result == JobResult::succeeded_with_issues ||
           job.result == JobResult::skipped;
}

std::string counted(std::uint64_t count, const std::string& one, const std::string& many) {
    return std::to_string(count) + " " + (count == 1 ? one : many);
}

// Of what a job suffered from its host, the first that explains its end.
std::optional<JobVerdict> suffered(const Job& job, const JobUsage& usage) {
    if (usage.oom_kills.value_or(0) > 0) {
        return verdict(Blame::host,
                       "the kernel killed " + counted(*usage.oom_kills, "process", "processes") +
                           " of it for memory");
    }
    if (usage.disk_low_bytes && *usage.disk_low_bytes < job_disk_low_bytes) {
        return verdict(Blame::host, "the disk it worked on was full");
    }
    if (!job.finished) {
        return std::nullopt;
    }
    const double seconds = to_seconds(*job.finished - job.started);
    if (usage.memory_stall_seconds && *usage.memory_stall_seconds > job_stall_share * seconds) {
        return verdict(Blame::host, "it waited for memory more than it ran");
    }
    return std::nullopt;
}

JobVerdict lost(const Job& job, const JobUsage& usage) {
    if (usage.connect_errors.value_or(0) > 0) {
        return verdict(Blame::network,
                       "its runner lost GitHub: " +
                           counted(*usage.connect_errors, "connect error", "connect errors"));
    }
    switch (job.lost.value_or(LostReason::superseded)) {
        case LostReason::listener_exit:
            return verdict(Blame::runner, "its listener ended while it ran");
        case LostReason::worker_gone:
            return verdict(Blame::runner, "its worker ended without a word");
        case LostReason::session_restart:
            return verdict(Blame::github, "GitHub gave the runner a new session while it ran");
        case LostReason::superseded:
            break;
    }
    return verdict(Blame::unknown, "the runner began another job without a word about this one");
}

}  // namespace

JobVerdict judge_job(const Job& job, const JobUsage& usage) {
    if (!job.result || went_well(job)) {
        return {};
    }
    if (auto host = suffered(job, usage)) {
        return *std::move(host);
    }
    switch (*job.result) {
        case JobResult::lost:
            return lost(job, usage);
        case JobResult::abandoned:
            return usage.connect_errors.value_or(0) > 0
                       ? verdict(Blame::network, "its lease was lost with the connection to GitHub")
                       : verdict(Blame::github,
                                 "its lease was lost, without an error of the network");
        case JobResult::canceled:
            return verdict(Blame::job, "it was canceled: in GitHub, or by a stop of its runner");
        default:
            return verdict(Blame::job, "nothing on this host explains it: see its log in GitHub");
    }
}

}  // namespace paws::policy
