// Completion words: what the scripts of all shells offer.

#pragma once

#include "pawsctl/completion_scripts.h"

#include <string>
#include <string_view>
#include <vector>

namespace paws::pawsctl {

// Shown to a shell that waits for a key: a short patience.
inline constexpr std::string_view list_names =
    "pawsctl runners list --names --timeout 1s 2>/dev/null";

inline constexpr std::string_view level_names = "critical error warning info debug";

// "list show drain"
std::string names_of(const std::vector<CompletedWord>& words);

}  // namespace paws::pawsctl
