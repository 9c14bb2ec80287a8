// Job query: which ended jobs are asked for, in the words of a URL or of the control socket. Pure.

#pragma once

#include "core/job.h"
#include "core/result.h"
#include "core/time.h"

#include <map>
#include <string>
#include <string_view>

namespace paws::exporter {

// runner=NAME result=failed since=24h run=123 limit=50; the error is for whoever asked.
Result<JobQuery> parse_job_query(const std::map<std::string, std::string>& words, WallTime now);

// "a=b&c=d%20e" (RFC 3986); a name that comes twice is an error.
Result<std::map<std::string, std::string>> parse_url_query(std::string_view query);

}  // namespace paws::exporter
