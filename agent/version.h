// Version: what this build is.

#pragma once

#include <string_view>

namespace paws::agent {

std::string_view version();   // "0.1.0"
std::string_view revision();  // of the source, "unknown" outside a checkout

}  // namespace paws::agent
