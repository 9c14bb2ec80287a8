#include "platform/http_way.h"

#include "core/duration.h"
#include "core/text.h"

#include <utility>
#include <vector>

#include <boost/asio/as_tuple.hpp>
#include <boost/asio/error.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/ssl/error.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <boost/beast/http.hpp>
#include <openssl/ssl.h>
#include <openssl/x509_vfy.h>

namespace paws::platform {

namespace asio = boost::asio;
namespace beast = boost::beast;
namespace http = beast::http;
using asio::ip::tcp;
using boost::system::error_code;
using SteadyClock = std::chrono::steady_clock;

namespace {

constexpr auto softly = asio::as_tuple(asio::use_awaitable);

std::string words_for(const error_code& problem, const HttpOptions& options) {
    if (problem == beast::error::timeout) {
        return "not done within " + duration_text(options.patience);
    }
    if (problem == http::error::end_of_stream) {
        return "closed the connection without an answer";
    }
    if (problem == http::error::partial_message || problem == asio::ssl::error::stream_truncated ||
        problem == asio::error::eof) {
        return "closed the connection in the middle of its answer";
    }
    if (problem == http::error::body_limit) {
        return "its answer is larger than " + std::to_string(options.body_limit) + " bytes";
    }
    return printable(problem.message());
}

// One of several addresses that never answers must leave time for those after it.
SteadyClock::time_point share_of(SteadyClock::time_point deadline, std::size_t addresses) {
    const auto now = SteadyClock::now();
    return now + (deadline - now) / static_cast<SteadyClock::rep>(addresses);
}

asio::awaitable<error_code> try_each(HttpLink& link,
                                     std::vector<tcp::endpoint> addresses,
                                     SteadyClock::time_point deadline) {
    error_code last = asio::error::host_not_found;
    auto left = addresses.size();
    for (const auto& address : addresses) {
        link.stream.close();
        link.stream.expires_at(share_of(deadline, left--));
        const auto [problem] = co_await link.stream.async_connect(address, softly);
        last = problem;
        if (!problem || link.given_up || SteadyClock::now() >= deadline) {
            break;
        }
    }
    co_return last;
}

}  // namespace

HttpWay::HttpWay(asio::io_context& loop, HttpUrl server, HttpOptions options, Names names)
    : server_{std::move(server)},
      options_{std::move(options)},
      name_{authority(server_.host, server_.port)},
      ask_on_{names.ask_on},
      resolver_{loop, std::move(names)},
      tls_{{.ca = options_.ca_file, .cert = options_.cert_file, .key = options_.key_file}} {}

ReachFailure HttpWay::failed(ReachStage stage,
                             const std::string& subject,
                             const error_code& problem,
                             const HttpLink& link) const {
    return {.stage = stage,
            .what = subject + ": " + (link.given_up ? "given up" : words_for(problem, options_)),
            .timed_out = !link.given_up && problem == beast::error::timeout};
}

void HttpWay::give_up(HttpLink& link) {
    link.given_up = true;
    resolver_.give_up();
    link.stream.close();
}

asio::awaitable<HttpWay::Failed> HttpWay::open(HttpLink& link, Deadline deadline) {
    auto failure = co_await connect(link, deadline);
    if (!failure && !options_.proxy.empty()) {
        failure = co_await ask_proxy(link);
    }
    if (!failure && server_.secure) {
        failure = co_await shake_hands(link);
    }
    co_return failure;
}

Result<HttpWay::Hop> HttpWay::first_hop() const {
    if (options_.proxy.empty()) {
        return Hop{.host = server_.host, .port = server_.port, .subject = name_};
    }
    auto proxy = parse_http_url("http://" + options_.proxy);
    if (!proxy) {
        return proxy.error();
    }
    return Hop{.host = proxy->host,
               .port = proxy->port,
               .subject = "proxy " + authority(proxy->host, proxy->port)};
}

asio::awaitable<HttpWay::Failed> HttpWay::connect(HttpLink& link, Deadline deadline) {
    const auto hop = first_hop();
    if (!hop) {
        co_return ReachFailure{.stage = ReachStage::proxy, .what = "proxy: " + hop.error().what};
    }
    auto addresses = co_await resolver_.resolve(hop->host, hop->port, deadline);
    if (addresses.problem || link.given_up) {
        co_return failed(ReachStage::name, hop->subject, addresses.problem, link);
    }
    if (ask_on_ == AskOn::loop) {
        deadline = SteadyClock::now() + options_.patience;
    }
    const auto problem = co_await try_each(link, std::move(addresses.list), deadline);
    if (problem || link.given_up) {
        co_return failed(ReachStage::connect, hop->subject, problem, link);
    }
    error_code ignored;
    link.stream.socket().set_option(tcp::no_delay{true}, ignored);
    link.stream.socket().set_option(asio::socket_base::keep_alive{true}, ignored);
    link.stream.expires_at(deadline);
    co_return std::nullopt;
}

asio::awaitable<HttpWay::Failed> HttpWay::ask_proxy(HttpLink& link) {
    const auto subject = "proxy " + options_.proxy;
    http::request<http::empty_body> request{http::verb::connect, name_, 11};
    request.set(http::field::host, name_);
    const auto [unsent, sent] = co_await http::async_write(link.stream, request, softly);
    if (unsent) {
        co_return failed(ReachStage::proxy, subject, unsent, link);
    }
    http::response_parser<http::empty_body> parser;
    parser.skip(true);  // what follows the header is the server's
    parser.header_limit(http_header_limit);
    beast::flat_buffer buffer{http_header_limit};
    const auto [unread, size] =
        co_await http::async_read_header(link.stream, buffer, parser, softly);
    if (unread) {
        co_return failed(ReachStage::proxy, subject, unread, link);
    }
    const auto status = parser.get().result_int();
    if (status / 100 != 2 || buffer.size() != 0) {
        co_return ReachFailure{
            .stage = ReachStage::proxy,
            .what = subject + ": answers " + std::to_string(status) + " when asked for " + name_};
    }
    co_return std::nullopt;
}

// The server's name goes with the hello, unless it is an address (RFC 6066, 3), and its certificate
// must be for it.
bool HttpWay::expect_server(HttpLink& link) const {
    const auto& host = server_.host;
    auto* handle = link.tls->native_handle();
    error_code no_address;
    asio::ip::make_address(host, no_address);
    if (!no_address) {
        return ::X509_VERIFY_PARAM_set1_ip_asc(::SSL_get0_param(handle), host.c_str()) == 1;
    }
    // Not the macro: it casts the const away in C's way.
    return ::SSL_set1_host(handle, host.c_str()) == 1 &&
           ::SSL_ctrl(handle,
                      SSL_CTRL_SET_TLSEXT_HOSTNAME,
                      TLSEXT_NAMETYPE_host_name,
                      const_cast<char*>(host.c_str())) == 1;
}

asio::awaitable<HttpWay::Failed> HttpWay::shake_hands(HttpLink& link) {
    const auto context = tls_.current();
    if (!context) {
        co_return ReachFailure{.stage = ReachStage::tls, .what = context.error().what};
    }
    link.tls.emplace(link.stream, **context);
    if (!expect_server(link)) {
        co_return ReachFailure{.stage = ReachStage::tls, .what = name_ + ": no name for TLS"};
    }
    const auto [problem] =
        co_await link.tls->async_handshake(asio::ssl::stream_base::client, softly);
    if (!problem && !link.given_up) {
        co_return std::nullopt;
    }
    const auto verdict = ::SSL_get_verify_result(link.tls->native_handle());
    if (verdict != X509_V_OK) {
        co_return ReachFailure{.stage = ReachStage::tls,
                               .what = name_ + ": its certificate is refused: " +
                                       ::X509_verify_cert_error_string(verdict)};
    }
    co_return failed(ReachStage::tls, name_, problem, link);
}

}  // namespace paws::platform
