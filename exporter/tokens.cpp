#include "exporter/tokens.h"

#include "core/text.h"

#include <algorithm>
#include <stdexcept>
#include <string>

#include <openssl/crypto.h>
#include <openssl/evp.h>

namespace paws::exporter {

namespace {

// What is wrong with a token, for its line; empty: nothing.
std::string complaint(std::string_view token) {
    const bool sendable =
        std::ranges::all_of(token, [](char byte) { return byte > ' ' && byte < 0x7F; });
    if (!sendable) {
        return "a token is one word of visible ASCII";
    }
    if (token.size() < shortest_token) {
        return "a token of less than " + std::to_string(shortest_token) +
               " characters can be guessed; `openssl rand -hex 32` makes one";
    }
    return token.size() > longest_token
               ? "a token has at most " + std::to_string(longest_token) + " characters"
               : "";
}

}  // namespace

Result<Tokens> Tokens::parse(std::string_view text) {
    Tokens tokens;
    for (std::size_t number = 1; !text.empty(); ++number) {
        const auto line = trim(take_until(text, '\n'));
        if (line.empty() || line.starts_with('#')) {
            continue;
        }
        if (const auto wrong = complaint(line); !wrong.empty()) {
            return Error{Errc::malformed, "line " + std::to_string(number) + ": " + wrong};
        }
        tokens.digests_.push_back(digest(line));
    }
    if (tokens.digests_.empty()) {
        return Error{Errc::malformed, "holds no token; `openssl rand -hex 32` makes one"};
    }
    if (tokens.digests_.size() > most_tokens) {
        return Error{Errc::malformed, "holds more than " + std::to_string(most_tokens) + " tokens"};
    }
    return tokens;
}

bool Tokens::hold(std::string_view token) const {
    const auto wanted = digest(token);
    bool held = false;
    for (const auto& known : digests_) {
        const bool same = ::CRYPTO_memcmp(known.data(), wanted.data(), wanted.size()) == 0;
        held = held || same;
    }
    return held;
}

Tokens::Digest Tokens::digest(std::string_view token) {
    Digest made{};
    if (::EVP_Digest(token.data(), token.size(), made.data(), nullptr, ::EVP_sha256(), nullptr) !=
        1) {
        throw std::runtime_error{"OpenSSL has no SHA-256"};
    }
    return made;
}

std::optional<std::string_view> bearer_token(std::string_view authorization) {
    const auto scheme = take_word(authorization);
    return lower_case(scheme) == "bearer" ? std::optional{trim(authorization)} : std::nullopt;
}

}  // namespace paws::exporter
