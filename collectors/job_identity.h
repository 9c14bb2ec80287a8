// Job identity: whose job it is, out of words that job code may have written. Pure.

#pragma once

#include "core/job.h"

#include <optional>
#include <string>
#include <string_view>

namespace paws::collectors {

// As they stand in an environment, a journal entry or a job message.
struct IdentityWords {
    std::string repository;
    std::string workflow;
    std::string job;
    std::string run_id;
    std::string run_attempt;
};

// Nothing without a repository and a run: those are what an identity is.
std::optional<JobIdentity> job_identity(const IdentityWords& words);

}  // namespace paws::collectors
