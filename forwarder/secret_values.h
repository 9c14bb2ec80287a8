// Secret values: whether what a rule matched is a secret, and how far it reaches. A pattern finds
// where a secret would stand; these judge what stands there.

#pragma once

#include "forwarder/redaction_rules.h"

#include <cstddef>
#include <string_view>

namespace paws::forwarder {

// Each returns the part of `found.line` that is a secret, empty when there is none.
std::string_view any_value(const Found& found);           // but a placeholder
std::string_view strong_value(const Found& found);        // after a name that means a secret
std::string_view password_value(const Found& found);      // a word of letters may be one
std::string_view weak_value(const Found& found);          // after `token`: it must look random
std::string_view pass_value(const Found& found);          // after `pass`, which also counts tests
std::string_view flag_value(const Found& found);          // after `--password`
std::string_view quoted_word(const Found& found);         // password 'x'
std::string_view url_password(const Found& found);        // user:x@
std::string_view header_value(const Found& found);        // Authorization: x
std::string_view bearer_value(const Found& found);        // bearer x, in any text
std::string_view cookie_values(const Found& found);       // a=x; b=y
std::string_view random_token(const Found& found);        // a prefix and what looks random
std::string_view jwt(const Found& found);                 // with or without its signature
std::string_view registration_token(const Found& found);  // of a runner

std::string_view token_of(const Found& found, std::size_t least_size);

template <std::size_t LeastSize>
std::string_view token_of(const Found& found) {
    return token_of(found, LeastSize);
}

}  // namespace paws::forwarder
