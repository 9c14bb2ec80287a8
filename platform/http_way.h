// HttpWay: how one server is reached, stage by stage: its name is looked up, a connection made, the
// proxy asked for the server, TLS begun. HttpLink is what comes of it.
// Lives on one io_context. Links and ways outlive the coroutines that are given them.

#pragma once

#include "core/result.h"
#include "platform/http_result.h"
#include "platform/resolve.h"
#include "platform/tls_context.h"

#include <chrono>
#include <optional>
#include <string>

#include <boost/asio/awaitable.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/ssl/stream.hpp>
#include <boost/beast/core/flat_buffer.hpp>
#include <boost/beast/core/tcp_stream.hpp>

namespace paws::platform {

struct HttpLink {
    explicit HttpLink(boost::asio::io_context& loop) : stream{loop} {}

    boost::beast::tcp_stream stream;
    std::optional<boost::asio::ssl::stream<boost::beast::tcp_stream&>> tls;
    boost::beast::flat_buffer buffer;  // read and not used yet
    bool given_up = false;
};

class HttpWay {
public:
    using Failed = std::optional<ReachFailure>;
    using Deadline = std::chrono::steady_clock::time_point;

    HttpWay(boost::asio::io_context& loop, HttpUrl server, HttpOptions options, Names names);

    // Leaves the deadline set for what `link` does next.
    boost::asio::awaitable<Failed> open(HttpLink& link, Deadline deadline);
    // Ends what is under way on `link`.
    void give_up(HttpLink& link);

    const HttpUrl& server() const { return server_; }
    const HttpOptions& options() const { return options_; }
    const std::string& name() const { return name_; }  // "host:port" of the server

    ReachFailure failed(ReachStage stage,
                        const std::string& subject,
                        const boost::system::error_code& problem,
                        const HttpLink& link) const;

private:
    // From here on to the server or to its proxy.
    struct Hop {
        std::string host;
        std::uint16_t port = 0;
        std::string subject;
    };
    Result<Hop> first_hop() const;
    boost::asio::awaitable<Failed> connect(HttpLink& link, Deadline deadline);
    boost::asio::awaitable<Failed> ask_proxy(HttpLink& link);
    boost::asio::awaitable<Failed> shake_hands(HttpLink& link);
    bool expect_server(HttpLink& link) const;

    HttpUrl server_;
    HttpOptions options_;
    std::string name_;
    AskOn ask_on_;
    Resolver resolver_;
    TlsContext tls_;
};

inline constexpr std::uint32_t http_header_limit = 64U << 10U;

}  // namespace paws::platform
