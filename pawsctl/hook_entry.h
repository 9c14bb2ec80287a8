// Hook entry: what a job's hook tells the journal, from the environment that the runner gives it.
// Pure.

#pragma once

#include "core/job_hook.h"
#include "platform/journal_sender.h"

#include <functional>
#include <optional>
#include <string>
#include <vector>

namespace paws::pawsctl {

using Environment = std::function<std::optional<std::string>(std::string_view variable)>;

// Only the variables of core/job_hook.h are asked for; what is absent is left out.
std::vector<platform::JournalField> hook_entry(const HookEvent& event,
                                               const Environment& environment);

}  // namespace paws::pawsctl
