// Job metadata: what each line of a job tells of it.

#pragma once

#include "forwarder/intake.h"
#include "forwarder/roster.h"

#include <chrono>

namespace paws::forwarder {

// Names are the workflow's text: they go through the redactor too.
void add_job(Metadata& metadata, const JobSpan& job, Intake& intake);

// Whether what is known of the runner by now tells which job it had within `width` from `at` on, if
// any, and whose.
bool knows_job(const RosterRunner& runner, WallTime at, std::chrono::nanoseconds width = {});

}  // namespace paws::forwarder
