#include "forwarder/job_metadata.h"

#include <string>

namespace paws::forwarder {

void add_job(Metadata& metadata, const JobSpan& job, Intake& intake) {
    metadata.add("job_name", intake.without_secrets(job.name));
    if (!job.identity) {
        return;
    }
    metadata.add("repository", intake.without_secrets(job.identity->repository));
    metadata.add("workflow", intake.without_secrets(job.identity->workflow));
    metadata.add("run_id", std::to_string(job.identity->run_id));
    metadata.add("run_attempt", std::to_string(job.identity->run_attempt));
}

bool knows_job(const RosterRunner& runner, WallTime at, std::chrono::nanoseconds width) {
    if (runner.unit.empty()) {
        return true;  // it has no lines in the journal, so that no jobs of it are known
    }
    if (runner.heard_to <= at + width) {
        return false;
    }
    const auto* job = job_at(runner, at, width);
    return job == nullptr || job->identity.has_value();
}

}  // namespace paws::forwarder
