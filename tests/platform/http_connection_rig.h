// Asks over an HttpConnection, and waits for what comes of it.

#pragma once

#include "platform/http_connection.h"
#include "tests/support/web_server.h"

#include <chrono>
#include <exception>
#include <functional>
#include <optional>
#include <string>
#include <utility>

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/post.hpp>
#include <doctest/doctest.h>

namespace paws::tests {

using namespace std::chrono_literals;
using platform::HttpConnection;
using platform::HttpOptions;
using platform::HttpRequest;
using platform::HttpResult;

inline platform::HttpUrl url_of(std::uint16_t port, bool secure = false) {
    return {.secure = secure, .host = "127.0.0.1", .port = port, .target = "/"};
}

inline HttpRequest post_of(std::string body) {
    HttpRequest request;
    request.method = "POST";
    request.body = std::move(body);
    return request;
}

inline boost::asio::awaitable<void> fill(HttpConnection& connection,
                                         HttpRequest request,
                                         std::optional<HttpResult>& result) {
    result = co_await connection.exchange(std::move(request));
}

inline void rethrow(const std::exception_ptr& thrown) {
    if (thrown) {
        std::rethrow_exception(thrown);
    }
}

struct Rig {
    explicit Rig(platform::HttpUrl server, HttpOptions options = {}, platform::Names names = {})
        : connection{std::in_place, loop, std::move(server), std::move(options), std::move(names)} {
    }

    void start(HttpRequest request) {
        result.reset();
        boost::asio::co_spawn(loop, fill(*connection, std::move(request), result), rethrow);
    }
    HttpResult ask(HttpRequest request = {}) {
        start(std::move(request));
        loop.restart();
        loop.run();
        return *result;
    }
    // Runs until it has come so far, and to where it waits for others.
    void run_until(const std::function<bool()>& is_met) {
        loop.restart();
        for (int tries = 0; !is_met() && tries < 20'000; ++tries) {
            loop.run_one_for(1ms);
        }
        CHECK(is_met());
        loop.poll();
    }
    // Closes the connection in the middle of what is asked, where `is_met` says.
    HttpResult ask_and_close(const std::function<bool()>& is_met, HttpRequest request = {}) {
        start(std::move(request));
        run_until(is_met);
        connection->close();
        loop.run();
        return *result;
    }

    boost::asio::io_context loop{1};
    std::optional<HttpResult> result;
    std::optional<HttpConnection> connection;
};

class Stopwatch {
public:
    std::chrono::steady_clock::duration passed() const {
        return std::chrono::steady_clock::now() - started_;
    }

private:
    std::chrono::steady_clock::time_point started_ = std::chrono::steady_clock::now();
};

}  // namespace paws::tests
