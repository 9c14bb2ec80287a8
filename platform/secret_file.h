// Secret file: a token or a key that stands in a file of its own. What it holds is never part of a
// message.

#pragma once

#include "core/result.h"

#include <cstddef>
#include <string>

namespace paws::platform {

inline constexpr std::size_t secret_limit = 64U << 10U;

// The whole text of the file. Errc::denied when others than its owner and its
// group may read it (0640 at most), when its owner is neither root nor we, or
// when its group may read it and is neither root's nor ours.
Result<std::string> read_secrets(const std::string& path);

// The one secret in it, without blanks around it; Errc::malformed when there is none.
Result<std::string> read_secret(const std::string& path);

}  // namespace paws::platform
