// JWT: a signed statement by which a GitHub App says who it is (RFC 7519, RS256).

#pragma once

#include "core/result.h"

#include <string>
#include <string_view>

namespace paws::platform {

// `claims` is a JSON object, `key` an RSA private key in PEM without a passphrase.
Result<std::string> sign_jwt(std::string_view claims, std::string_view key);

}  // namespace paws::platform
