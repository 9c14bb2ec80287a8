// Job verdict: who is to blame for how a job ended, as far as the host that ran it can tell. Pure.

#pragma once

#include "core/job.h"

namespace paws::policy {

// What the host did to it comes before what it did itself: a compiler that the kernel killed makes
// a job "fail" like any other.
JobVerdict judge_job(const Job& job, const JobUsage& usage);

}  // namespace paws::policy
