// GitHub job list: what GitHub's REST API says of workflow runs and their jobs. Pure parsing.

#pragma once

#include "core/result.h"
#include "core/time.h"

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace paws::collectors {

struct RunsPage {
    std::uint64_t total = 0;  // of all pages
    std::vector<std::uint64_t> ids;
};

// One page of .../actions/runs, newest first as GitHub gives it.
Result<RunsPage> parse_runs_page(std::string_view json);

// Name and labels are kept of a queued one only: workflows can be large.
struct ListedJob {
    bool queued = false;
    std::string name;  // the workflow's text: printable, at most 256 bytes
    std::vector<std::string> labels;
    std::optional<std::uint64_t> runner_id;
    std::optional<WallTime> created;
    std::optional<WallTime> started;
};

struct JobsPage {
    std::uint64_t total = 0;
    std::vector<ListedJob> jobs;
};

// One page of .../actions/runs/ID/jobs.
Result<JobsPage> parse_jobs_page(std::string_view json);

}  // namespace paws::collectors
