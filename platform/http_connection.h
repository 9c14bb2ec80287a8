// HttpConnection: a connection to one server that is kept between requests (HTTP/1.1), with TLS or
// without, through a proxy or not. One request at a time, each with one deadline for all of it.
// Lives on one io_context. Follows no redirect. Nothing that it says holds a header or a body that
// was sent: those are secrets.

#pragma once

#include "platform/http_result.h"
#include "platform/resolve.h"

#include <cstdint>
#include <memory>

#include <boost/asio/awaitable.hpp>
#include <boost/asio/io_context.hpp>

namespace paws::platform {

class HttpConnection {
public:
    HttpConnection(boost::asio::io_context& loop,
                   HttpUrl server,
                   HttpOptions options,
                   Names names = {});
    HttpConnection(const HttpConnection&) = delete;
    HttpConnection& operator=(const HttpConnection&) = delete;
    ~HttpConnection();  // an exchange under way fails

    // Any answer is one, whatever its status; without one the stage at which it failed. A kept
    // connection that turns out closed before a byte of the answer came is opened anew once.
    // Of `request.url` the target counts: the server is this connection's.
    boost::asio::awaitable<HttpResult> exchange(HttpRequest request);
    // Ends what is under way: its exchange fails. The next one opens a connection anew.
    void close();
    std::uint64_t opened() const;  // connections so far

private:
    struct State;
    std::shared_ptr<State> state_;  // shared with the exchange under way
};

}  // namespace paws::platform
