// Private key: PEM, PGP and PuTTY blocks in lines, whole ones, beginnings and what follows on later
// lines.

#pragma once

#include <cstddef>
#include <string_view>
#include <vector>

namespace re2 {
class RE2;
}

namespace paws::forwarder {

// journald keeps no key longer than this open: RSA of 8192 bits has 100 lines.
inline constexpr unsigned most_key_lines = 200;

struct KeyPart {
    std::size_t begin = 0;
    std::size_t end = 0;
    bool opens = false;  // its END is still to come

    bool operator==(const KeyPart&) const = default;
};

// The keys of `line` from `from` on. A BEGIN in prose, with no key behind it, is none.
std::vector<KeyPart> key_parts(const re2::RE2& mark, std::string_view line, std::size_t from);

// Where the END of an open key ends; npos when the line has none, or a BEGIN before it.
std::size_t end_of_key(const re2::RE2& mark, std::string_view line);

// Whether a line may be of a key: base64, perhaps behind what a logger put before it, a header of
// PEM, a blank line. In doubt it is: a lost line is better than a lost key.
bool may_be_of_key(std::string_view line);

// The pattern of `mark`; its groups are BEGIN or END, and PuTTY's Lines, MAC or Hash.
extern const char* const key_mark_pattern;

}  // namespace paws::forwarder
