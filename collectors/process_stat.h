// /proc/PID/stat: one process in one line (proc_pid_stat(5)).

#pragma once

#include "core/result.h"
#include "core/runner_facts.h"

#include <string_view>

namespace paws::collectors {

// All but uid and role. The process chose its comm, so it may hold blanks, parentheses, newlines.
Result<Process> parse_process_stat(std::string_view text);

}  // namespace paws::collectors
