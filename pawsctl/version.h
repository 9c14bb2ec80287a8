// Version: what this build is.

#pragma once

#include <string>

namespace paws::pawsctl {

std::string version_line();  // "pawsctl 0.1.0 (eaf3adc9d2b1)"

}  // namespace paws::pawsctl
