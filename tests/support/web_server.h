// WebServer: serves HTTP on loopback the way a test wants it, with TLS or without, each connection
// on a thread of its own.

#pragma once

#include "tests/support/test_authority.h"

#include <atomic>
#include <cstdint>
#include <functional>
#include <mutex>
#include <optional>
#include <set>
#include <string>
#include <thread>
#include <vector>

#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/ssl.hpp>
#include <boost/beast/core/flat_buffer.hpp>
#include <boost/beast/http.hpp>

namespace paws {

// Who asks. All it does ends early once the client or the server is gone.
class WebClient {
public:
    using Request = boost::beast::http::request<boost::beast::http::string_body>;

    explicit WebClient(boost::asio::ip::tcp::socket socket) : socket_{std::move(socket)} {}

    std::optional<Request> read();         // the next request
    std::optional<Request> read_header();  // and nothing of its body
    bool send(std::string_view text);
    void wait();       // until the client closes
    bool begin_tls();  // by the context that is set

    void set_tls(boost::asio::ssl::context* context) { context_ = context; }
    int descriptor() { return socket_.native_handle(); }
    std::string certificate();  // the name in the client's own; empty: it showed none

private:
    boost::asio::ip::tcp::socket socket_;
    boost::asio::ssl::context* context_ = nullptr;
    std::optional<boost::asio::ssl::stream<boost::asio::ip::tcp::socket&>> tls_;
    boost::beast::flat_buffer buffer_;
};

struct WebTls {
    CertificateFiles files;
    std::string client_authority;  // empty: clients need no certificate
    enum class Begin { at_once, when_asked } begin = Begin::at_once;
};

class WebServer {
public:
    using Serve = std::function<void(WebClient&)>;  // closed when it returns

    explicit WebServer(Serve serve, const std::optional<WebTls>& tls = std::nullopt);
    WebServer(const WebServer&) = delete;
    WebServer& operator=(const WebServer&) = delete;
    ~WebServer();

    std::uint16_t port() const { return port_; }
    int accepted() const { return accepted_; }

private:
    void accept();
    void converse(boost::asio::ip::tcp::socket socket);

    Serve serve_;
    bool tls_at_once_ = false;
    std::optional<boost::asio::ssl::context> tls_;
    boost::asio::io_context loop_{1};
    boost::asio::ip::tcp::acceptor acceptor_{loop_};
    std::uint16_t port_ = 0;
    std::atomic<int> accepted_{0};
    std::mutex mutex_;
    std::set<int> open_;
    std::vector<std::thread> threads_;
    std::thread accepting_;
};

// Answers each request of a client with `answer` until one of them closes.
WebServer::Serve answer_each(std::string answer);

inline const std::string web_ok = "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok";

}  // namespace paws
