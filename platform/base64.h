// Base64 (RFC 4648). Pure.

#pragma once

#include <string>
#include <string_view>

namespace paws::platform {

std::string base64(std::string_view bytes);     // padded
std::string base64url(std::string_view bytes);  // section 5, without padding

}  // namespace paws::platform
