// Tokens: what lets a request in that brings one of them ([web] token_file). They are kept as
// hashes. Safe for concurrent use.

#pragma once

#include "core/result.h"

#include <array>
#include <cstddef>
#include <optional>
#include <string_view>
#include <vector>

namespace paws::exporter {

inline constexpr std::size_t shortest_token = 16;
inline constexpr std::size_t longest_token = 1024;
inline constexpr std::size_t most_tokens = 100;

class Tokens {
public:
    // One a line; what begins with # is a comment. The error names the line, never what is in it.
    static Result<Tokens> parse(std::string_view text);

    // Takes as long for a wrong one, however much of it is right.
    bool hold(std::string_view token) const;

private:
    using Digest = std::array<unsigned char, 32>;
    static Digest digest(std::string_view token);

    std::vector<Digest> digests_;
};

// The token of an `Authorization: Bearer TOKEN`; absent when it is of another scheme.
std::optional<std::string_view> bearer_token(std::string_view authorization);

}  // namespace paws::exporter
