// Runner install: whether the next start of a runner's service would find what it needs. A full
// disk or a broken update leaves an empty runsvc.sh or no node behind while the old processes go on
// (actions/runner#4421, #2864): the runner works until somebody restarts it.

#pragma once

#include "platform/beneath.h"

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace paws::collectors {

// Why the next start would fail; empty when nothing was found or it cannot be told.
std::string start_fault(const platform::Beneath& root);

// The node that runsvc.sh starts, "node20" in "./externals/node20/bin/node"; empty when it names
// none. The script is text that job code may have written.
std::string_view node_of_script(std::string_view script);

// Files that wait in _diag/pages, counted up to a bound; nothing when they cannot be listed.
std::optional<std::uint64_t> count_diag_pages(const platform::Beneath& root);

}  // namespace paws::collectors
