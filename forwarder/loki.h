// Loki: the verbs of its HTTP API that are used here.

#pragma once

#include "core/result.h"
#include "platform/http_client.h"

#include <string>

#include <boost/asio/awaitable.hpp>

namespace paws::forwarder {

// The answer, or at which stage it failed; an Error when it could not even be asked, as a secret
// cannot be read.
using Asked = Result<platform::HttpResult>;

class Loki {
public:
    virtual ~Loki() = default;
    // POST /loki/api/v1/push
    virtual boost::asio::awaitable<Asked> push(std::string body) = 0;
    // GET of a path with its query, below the same base.
    virtual boost::asio::awaitable<Asked> get(std::string path) = 0;
};

}  // namespace paws::forwarder
