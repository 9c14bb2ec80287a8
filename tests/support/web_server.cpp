#include "tests/support/web_server.h"

#include <array>
#include <limits>
#include <utility>

#include <boost/asio/write.hpp>
#include <sys/socket.h>

namespace paws {

namespace asio = boost::asio;
namespace http = boost::beast::http;
using asio::ip::tcp;
using boost::system::error_code;

bool WebClient::begin_tls() {
    error_code failed;
    tls_.emplace(socket_, *context_);
    tls_->handshake(asio::ssl::stream_base::server, failed);
    return !failed;
}

std::string WebClient::certificate() {
    const std::unique_ptr<X509, decltype(&::X509_free)> shown{
        tls_ ? ::SSL_get1_peer_certificate(tls_->native_handle()) : nullptr, &::X509_free};
    std::array<char, 256> name{};
    if (shown) {
        ::X509_NAME_get_text_by_NID(
            ::X509_get_subject_name(shown.get()), NID_commonName, name.data(), name.size());
    }
    return name.data();
}

std::optional<WebClient::Request> WebClient::read() {
    http::request_parser<http::string_body> parser;
    parser.body_limit(std::numeric_limits<std::uint64_t>::max());
    error_code failed;
    if (tls_) {
        http::read(*tls_, buffer_, parser, failed);
    } else {
        http::read(socket_, buffer_, parser, failed);
    }
    return failed ? std::nullopt : std::optional{parser.release()};
}

std::optional<WebClient::Request> WebClient::read_header() {
    http::request_parser<http::string_body> parser;
    parser.body_limit(std::numeric_limits<std::uint64_t>::max());
    error_code failed;
    if (tls_) {
        http::read_header(*tls_, buffer_, parser, failed);
    } else {
        http::read_header(socket_, buffer_, parser, failed);
    }
    return failed ? std::nullopt : std::optional{parser.release()};
}

bool WebClient::send(std::string_view text) {
    error_code failed;
    if (tls_) {
        asio::write(*tls_, asio::buffer(text), failed);
    } else {
        asio::write(socket_, asio::buffer(text), failed);
    }
    return !failed;
}

void WebClient::wait() {
    std::array<char, 4096> chunk{};
    error_code failed;
    while (!failed) {
        socket_.read_some(asio::buffer(chunk), failed);
    }
}

WebServer::WebServer(Serve serve, const std::optional<WebTls>& tls) : serve_{std::move(serve)} {
    if (tls) {
        tls_at_once_ = tls->begin == WebTls::Begin::at_once;
        auto& context = tls_.emplace(asio::ssl::context::tls_server);
        context.use_certificate_chain_file(tls->files.cert);
        context.use_private_key_file(tls->files.key, asio::ssl::context::pem);
        if (!tls->client_authority.empty()) {
            context.load_verify_file(tls->client_authority);
            context.set_verify_mode(asio::ssl::verify_peer |
                                    asio::ssl::verify_fail_if_no_peer_cert);
        }
    }
    const tcp::endpoint anywhere{asio::ip::address_v4::loopback(), 0};
    acceptor_.open(anywhere.protocol());
    acceptor_.bind(anywhere);
    acceptor_.listen();
    port_ = acceptor_.local_endpoint().port();
    accepting_ = std::thread{[this] { accept(); }};
}

WebServer::~WebServer() {
    ::shutdown(acceptor_.native_handle(), SHUT_RDWR);
    accepting_.join();
    {
        const std::lock_guard lock{mutex_};
        for (const int descriptor : open_) {
            ::shutdown(descriptor, SHUT_RDWR);
        }
    }
    for (auto& thread : threads_) {
        thread.join();
    }
}

void WebServer::accept() {
    for (;;) {
        error_code failed;
        tcp::socket socket{loop_};
        acceptor_.accept(socket, failed);
        if (failed) {
            return;
        }
        ++accepted_;
        // What Nagle holds back is lost when it closes with something unread.
        socket.set_option(tcp::no_delay{true}, failed);
        {
            const std::lock_guard lock{mutex_};
            open_.insert(socket.native_handle());
        }
        threads_.emplace_back(
            [this, taken = std::make_shared<tcp::socket>(std::move(socket))]() mutable {
                converse(std::move(*taken));
            });
    }
}

void WebServer::converse(tcp::socket socket) {
    WebClient client{std::move(socket)};
    if (tls_) {
        client.set_tls(&*tls_);
    }
    if (!tls_at_once_ || client.begin_tls()) {
        serve_(client);
    }
    const std::lock_guard lock{mutex_};
    open_.erase(client.descriptor());
}

WebServer::Serve answer_each(std::string answer) {
    return [answer = std::move(answer)](WebClient& client) {
        while (client.read() && client.send(answer)) {
            // until one of them closes
        }
    };
}

}  // namespace paws
