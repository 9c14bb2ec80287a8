// Inspection: what the privileged action paws-inspect@ has written of a runner, /run/paws-inspect/
// RUNNER.json. The file is root's and well-formed; the names and texts in it are what job code
// made them.

#pragma once

#include "core/result.h"
#include "core/runner_facts.h"
#include "core/time.h"
#include "platform/root_fs.h"

#include <string>
#include <string_view>

namespace paws::collectors {

// Pure. What is missing or of another type is absent; another runner's or another version's
// document is Errc::malformed.
Result<Sourced<Inspection>> parse_inspection(std::string_view text, std::string_view runner);

// Errc::absent: it was not looked at since the host was booted.
Result<Sourced<Inspection>> read_inspection(const platform::RootFs& root,
                                            const std::string& runner);

}  // namespace paws::collectors
