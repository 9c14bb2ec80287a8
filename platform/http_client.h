// HTTP client: one request to one server, with TLS or without, through a proxy or not, and one
// deadline for all of it. A failure names the stage that it came to.
// Blocks until the answer is whole or a stage fails. The system's resolver keeps its own time: ask
// on a thread that may be left behind (platform/straggler.h). Follows no redirect. Nothing that it
// says holds a header or a body that was sent: those are secrets.

#pragma once

#include "core/github_facts.h"
#include "platform/http_message.h"

#include <chrono>
#include <cstddef>
#include <string>
#include <utility>
#include <variant>

namespace paws::platform {

struct HttpOptions {
    std::string proxy;    // "host:port", asked by CONNECT; empty: none
    std::string ca_file;  // the only authorities to trust, PEM; empty: the system's
    std::chrono::milliseconds patience{10'000};  // from the resolved name to the answer's last byte
    std::size_t body_limit = 4U << 20U;
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

HttpResult exchange(const HttpRequest& request, const HttpOptions& options);

}  // namespace paws::platform
