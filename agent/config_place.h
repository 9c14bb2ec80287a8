// Where a setting was written, for faults that show only when all documents are read.

#pragma once

#include "agent/config_file.h"

#include <string>
#include <string_view>
#include <vector>

namespace paws::agent {

// `FILE:LINE:COL` of the value of `key` that is in force; the last document's name when none has
// it. The documents are good. Pure.
std::string place_of(const std::vector<Document>& documents,
                     std::string_view section,
                     std::string_view key);

}  // namespace paws::agent
