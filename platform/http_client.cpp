#include "platform/http_client.h"

#include "core/duration.h"
#include "core/text.h"

#include <optional>

#include <boost/asio/connect.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/ssl.hpp>
#include <boost/beast/core/flat_buffer.hpp>
#include <boost/beast/core/tcp_stream.hpp>
#include <boost/beast/http.hpp>
#include <openssl/ssl.h>
#include <openssl/x509_vfy.h>

namespace paws::platform {

namespace {

namespace asio = boost::asio;
namespace beast = boost::beast;
namespace http = beast::http;
using asio::ip::tcp;
using boost::system::error_code;
using TlsStream = asio::ssl::stream<beast::tcp_stream&>;

constexpr std::uint32_t header_limit = 64U << 10U;

class Exchange {
public:
    Exchange(const HttpRequest& request, const HttpOptions& options)
        : request_{request},
          options_{options},
          server_{authority(request.url.host, request.url.port)},
          deadline_{std::chrono::steady_clock::now() + options.patience} {}

    HttpResult run();

private:
    using Failed = std::optional<ReachFailure>;

    Failed reach();
    Failed connect(const std::string& host, const std::string& port, const std::string& subject);
    Failed ask_proxy();
    Failed shake_hands(TlsStream& stream);
    Failed trust(asio::ssl::context& context);
    Failed expect(TlsStream& stream);
    HttpResult secure_talk();
    template <class Stream>
    HttpResult talk(Stream& stream);
    http::request<http::string_body> message() const;

    template <class Start>
    error_code finish(const Start& start);
    ReachFailure failed(ReachStage stage, const std::string& subject, const error_code& problem);

    const HttpRequest& request_;
    const HttpOptions& options_;
    std::string server_;
    std::chrono::steady_clock::time_point deadline_;
    asio::io_context loop_{1};
    beast::tcp_stream stream_{loop_};
};

// Starts one operation and waits for its end, which comes by the stream's deadline at the latest.
template <class Start>
error_code Exchange::finish(const Start& start) {
    error_code outcome = asio::error::would_block;
    start([&outcome](const error_code& problem, const auto&...) { outcome = problem; });
    loop_.restart();
    loop_.run();
    return outcome;
}

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

ReachFailure Exchange::failed(ReachStage stage,
                              const std::string& subject,
                              const error_code& problem) {
    return {.stage = stage, .what = subject + ": " + words_for(problem, options_)};
}

HttpResult Exchange::run() {
    if (auto failure = reach()) {
        return *std::move(failure);
    }
    return request_.url.secure ? secure_talk() : talk(stream_);
}

Exchange::Failed Exchange::reach() {
    if (options_.proxy.empty()) {
        return connect(request_.url.host, std::to_string(request_.url.port), server_);
    }
    const auto proxy = parse_http_url("http://" + options_.proxy);
    if (!proxy) {
        return ReachFailure{.stage = ReachStage::proxy, .what = "proxy: " + proxy.error().what};
    }
    const auto subject = "proxy " + authority(proxy->host, proxy->port);
    if (auto failure = connect(proxy->host, std::to_string(proxy->port), subject)) {
        return failure;
    }
    return ask_proxy();
}

Exchange::Failed Exchange::connect(const std::string& host,
                                   const std::string& port,
                                   const std::string& subject) {
    error_code problem;
    tcp::resolver resolver{loop_};
    const auto addresses = resolver.resolve(host, port, problem);
    if (problem) {
        return failed(ReachStage::name, subject, problem);
    }
    stream_.expires_at(deadline_);
    problem = finish([&](auto done) { stream_.async_connect(addresses, std::move(done)); });
    return problem ? Failed{failed(ReachStage::connect, subject, problem)} : std::nullopt;
}

Exchange::Failed Exchange::ask_proxy() {
    const auto subject = "proxy " + options_.proxy;
    http::request<http::empty_body> request{http::verb::connect, server_, 11};
    request.set(http::field::host, server_);
    auto problem = finish([&](auto done) { http::async_write(stream_, request, std::move(done)); });
    http::response_parser<http::empty_body> parser;
    parser.skip(true);  // what follows the header is the server's
    parser.header_limit(header_limit);
    beast::flat_buffer buffer{header_limit};
    if (!problem) {
        problem = finish(
            [&](auto done) { http::async_read_header(stream_, buffer, parser, std::move(done)); });
    }
    if (problem) {
        return failed(ReachStage::proxy, subject, problem);
    }
    const auto status = parser.get().result_int();
    if (status / 100 != 2 || buffer.size() != 0) {
        return ReachFailure{
            .stage = ReachStage::proxy,
            .what = subject + ": answers " + std::to_string(status) + " when asked for " + server_};
    }
    return std::nullopt;
}

Exchange::Failed Exchange::trust(asio::ssl::context& context) {
    error_code problem;
    if (options_.ca_file.empty()) {
        context.set_default_verify_paths(problem);
    } else {
        context.load_verify_file(options_.ca_file, problem);
    }
    return problem ? Failed{failed(ReachStage::tls, "certificates to trust", problem)}
                   : std::nullopt;
}

// The server's name goes with the hello, unless it is an address (RFC 6066, 3), and its certificate
// must be for it.
Exchange::Failed Exchange::expect(TlsStream& stream) {
    const auto& host = request_.url.host;
    auto* handle = stream.native_handle();
    error_code no_address;
    asio::ip::make_address(host, no_address);
    bool done = false;
    if (no_address) {
        // Not the macro: it casts the const away in C's way.
        done = ::SSL_set1_host(handle, host.c_str()) == 1 &&
               ::SSL_ctrl(handle,
                          SSL_CTRL_SET_TLSEXT_HOSTNAME,
                          TLSEXT_NAMETYPE_host_name,
                          const_cast<char*>(host.c_str())) == 1;
    } else {
        done = ::X509_VERIFY_PARAM_set1_ip_asc(::SSL_get0_param(handle), host.c_str()) == 1;
    }
    return done ? std::nullopt
                : Failed{{.stage = ReachStage::tls, .what = server_ + ": no name for TLS"}};
}

Exchange::Failed Exchange::shake_hands(TlsStream& stream) {
    if (auto failure = expect(stream)) {
        return failure;
    }
    const auto problem = finish([&](auto done) {
        stream.async_handshake(asio::ssl::stream_base::client, std::move(done));
    });
    if (!problem) {
        return std::nullopt;
    }
    const auto verdict = ::SSL_get_verify_result(stream.native_handle());
    if (verdict != X509_V_OK) {
        return ReachFailure{.stage = ReachStage::tls,
                            .what = server_ + ": its certificate is refused: " +
                                    ::X509_verify_cert_error_string(verdict)};
    }
    return failed(ReachStage::tls, server_, problem);
}

HttpResult Exchange::secure_talk() {
    asio::ssl::context context{asio::ssl::context::tls_client};
    ::SSL_CTX_set_min_proto_version(context.native_handle(), TLS1_2_VERSION);
    if (auto failure = trust(context)) {
        return *std::move(failure);
    }
    context.set_verify_mode(asio::ssl::verify_peer);
    TlsStream stream{stream_, context};
    if (auto failure = shake_hands(stream)) {
        return *std::move(failure);
    }
    return talk(stream);
}

http::request<http::string_body> Exchange::message() const {
    http::request<http::string_body> message;
    message.version(11);
    message.method_string(request_.method);
    message.target(request_.url.target);
    message.body() = request_.body;
    const bool usual_port = request_.url.port == (request_.url.secure ? 443 : 80);
    message.set(http::field::host, usual_port ? server_.substr(0, server_.rfind(':')) : server_);
    message.set(http::field::connection, "close");
    for (const auto& [name, value] : request_.headers) {
        message.set(name, value);
    }
    message.prepare_payload();
    return message;
}

HttpAnswer answer_of(http::response<http::string_body> response) {
    HttpAnswer answer{.status = response.result_int(), .headers = {}, .body = {}};
    for (const auto& field : response) {
        answer.headers.push_back({std::string{field.name_string()}, std::string{field.value()}});
    }
    answer.body = std::move(response.body());
    return answer;
}

template <class Stream>
HttpResult Exchange::talk(Stream& stream) {
    const auto asked = message();
    auto problem = finish([&](auto done) { http::async_write(stream, asked, std::move(done)); });
    http::response_parser<http::string_body> parser;
    parser.header_limit(header_limit);
    parser.body_limit(options_.body_limit);
    parser.skip(request_.method == "HEAD");
    beast::flat_buffer buffer;
    if (!problem) {
        problem =
            finish([&](auto done) { http::async_read(stream, buffer, parser, std::move(done)); });
    }
    if (problem) {
        return failed(ReachStage::http, server_, problem);
    }
    return answer_of(parser.release());
}

}  // namespace

HttpResult exchange(const HttpRequest& request, const HttpOptions& options) {
    try {
        return Exchange{request, options}.run();
    } catch (const boost::system::system_error& refused) {  // no descriptor or no memory for it
        return ReachFailure{.stage = ReachStage::connect, .what = printable(refused.what())};
    }
}

}  // namespace paws::platform
