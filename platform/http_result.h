// HTTP result: how an exchange with a server is to be done and what comes of it, as plain values.

#pragma once

#include "core/github_facts.h"
#include "platform/http_message.h"

#include <chrono>
#include <cstddef>
#include <string>
#include <utility>
#include <variant>

namespace paws::platform {

// Whether a connection stays open for the next request.
enum class Keep { no, yes };

struct HttpOptions {
    std::string proxy;      // "host:port", asked by CONNECT; empty: none
    std::string ca_file;    // the only authorities to trust, PEM; empty: the system's
    std::string cert_file;  // who we are, PEM with what stands between it and its authority
    std::string key_file;   // its key, PEM without a passphrase; both or none
    std::chrono::milliseconds patience{10'000};  // for all of an exchange, to its last byte
    std::size_t body_limit = 4U << 20U;          // of an answer
    Keep keep = Keep::yes;
};

// Any answer is one, whatever its status; without one the stage at which it failed.
class [[nodiscard]] HttpResult {
public:
    HttpResult(HttpAnswer answer) : state_{std::in_place_index<0>, std::move(answer)} {}
    HttpResult(ReachFailure failure) : state_{std::in_place_index<1>, std::move(failure)} {}

    explicit operator bool() const { return state_.index() == 0; }
    const HttpAnswer& operator*() const { return std::get<0>(state_); }
    const HttpAnswer* operator->() const { return &std::get<0>(state_); }
    const ReachFailure& failure() const { return std::get<1>(state_); }

private:
    std::variant<HttpAnswer, ReachFailure> state_;
};

}  // namespace paws::platform
