// Over TLS the client is tested with the fake GitHub (tests/integration/test_github_api.py).
#include "platform/http_client.h"

#include "platform/unique_fd.h"

#include <array>
#include <chrono>
#include <string>
#include <thread>

#include <arpa/inet.h>
#include <doctest/doctest.h>
#include <sys/socket.h>

using namespace paws;
using namespace paws::platform;
using namespace std::chrono_literals;

namespace {

// Takes one connection, reads what is asked and answers with `answers`, one for each header that
// came; then closes, or stays open until it is asked to end.
class Server {
public:
    enum class End { close, stay };

    explicit Server(std::vector<std::string> answers, End end = End::close)
        : answers_{std::move(answers)}, end_{end} {
        sockaddr_in address{};
        address.sin_family = AF_INET;
        address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
        socklen_t size = sizeof address;
        auto* generic = reinterpret_cast<sockaddr*>(&address);
        REQUIRE(::bind(listener_.get(), generic, size) == 0);
        REQUIRE(::listen(listener_.get(), 1) == 0);
        REQUIRE(::getsockname(listener_.get(), generic, &size) == 0);
        port_ = ntohs(address.sin_port);
        thread_ = std::thread{[this] { serve(); }};
    }
    Server(const Server&) = delete;
    Server& operator=(const Server&) = delete;
    ~Server() { end(); }

    std::uint16_t port() const { return port_; }
    // All that was asked.
    std::string asked() {
        end();
        return asked_;
    }

private:
    void end() {
        ::shutdown(listener_.get(), SHUT_RDWR);
        if (thread_.joinable()) {
            thread_.join();
        }
    }
    void serve() {
        const UniqueFd client{::accept(listener_.get(), nullptr, nullptr)};
        for (const auto& answer : answers_) {
            read_header(client.get());
            std::string_view rest = answer;
            while (!rest.empty()) {
                const auto sent = ::send(client.get(), rest.data(), rest.size(), MSG_NOSIGNAL);
                if (sent <= 0) {
                    return;
                }
                rest.remove_prefix(static_cast<std::size_t>(sent));
            }
        }
        if (end_ == End::stay) {
            std::array<char, 4096> chunk{};
            while (::recv(client.get(), chunk.data(), chunk.size(), 0) > 0) {
                // until the client gives up
            }
        }
    }
    void read_header(int fd) {
        std::array<char, 4096> chunk{};
        std::string text;
        while (text.find("\r\n\r\n") == std::string::npos) {
            const auto got = ::recv(fd, chunk.data(), chunk.size(), 0);
            if (got <= 0) {
                break;
            }
            text.append(chunk.data(), static_cast<std::size_t>(got));
        }
        asked_ += text;
    }

    std::vector<std::string> answers_;
    End end_;
    UniqueFd listener_{::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)};
    std::uint16_t port_ = 0;
    std::string asked_;
    std::thread thread_;
};

HttpRequest get(const Server& server, const std::string& target = "/") {
    HttpRequest request;
    request.url = {.secure = false, .host = "127.0.0.1", .port = server.port(), .target = target};
    return request;
}

ReachStage stage_of(const HttpResult& result) {
    REQUIRE_FALSE(result);
    return result.failure().stage;
}

}  // namespace

TEST_CASE("http_client: an answer with its headers and its body, whatever its status") {
    Server server{{"HTTP/1.1 503 Busy\r\nRetry-After: 7\r\nContent-Length: 4\r\n\r\nbusy"}};
    auto request = get(server, "/a?b=c");
    request.headers = {{"Authorization", "Bearer x"}};
    const auto result = exchange(request, {});
    REQUIRE(result);
    CHECK(result->status == 503);
    CHECK(result->header("retry-after") == "7");
    CHECK(result->body == "busy");
    const auto asked = server.asked();
    CHECK(asked.starts_with("GET /a?b=c HTTP/1.1\r\n"));
    CHECK(asked.find("Host: 127.0.0.1:" + std::to_string(server.port()) + "\r\n") !=
          std::string::npos);
    CHECK(asked.find("Authorization: Bearer x\r\n") != std::string::npos);
}

TEST_CASE("http_client: bodies in chunks, bodies without an announced length, and none") {
    Server chunked{
        {"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"
         "3\r\nabc\r\n2\r\nde\r\n0\r\n\r\n"}};
    CHECK(exchange(get(chunked), {})->body == "abcde");
    Server endless{{"HTTP/1.1 200 OK\r\n\r\nuntil the end"}};
    CHECK(exchange(get(endless), {})->body == "until the end");
    Server unchanged{{"HTTP/1.1 304 Not Modified\r\nETag: \"x\"\r\n\r\n"}};
    CHECK(exchange(get(unchanged), {})->status == 304);
    Server head{{"HTTP/1.1 200 OK\r\nContent-Length: 1000\r\n\r\n"}};
    auto request = get(head);
    request.method = "HEAD";
    CHECK(exchange(request, {})->status == 200);
}

TEST_CASE("http_client: a body goes with its length") {
    Server server{{"HTTP/1.1 201 Created\r\nContent-Length: 0\r\n\r\n"}};
    auto request = get(server);
    request.method = "POST";
    request.body = "{}";
    REQUIRE(exchange(request, {}));
    CHECK(server.asked().find("Content-Length: 2\r\n") != std::string::npos);
}

TEST_CASE("http_client: a redirect is an answer, and is not followed") {
    Server server{
        {"HTTP/1.1 301 Moved\r\nLocation: http://127.0.0.1:1/\r\nContent-Length: 0\r\n\r\n"}};
    CHECK(exchange(get(server), {})->status == 301);
}

TEST_CASE("http_client: what is cut, too large, too late or no HTTP fails at the stage http") {
    const auto failure = [](std::vector<std::string> answers,
                            Server::End end = Server::End::close) {
        const Server server{std::move(answers), end};
        const auto result = exchange(get(server), {.patience = 3s, .body_limit = 1000});
        CHECK(stage_of(result) == ReachStage::http);
        return result.failure().what;
    };
    CHECK(failure({"HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nshort"})
              .ends_with("closed the connection in the middle of its answer"));
    CHECK(failure({""}).ends_with("closed the connection without an answer"));
    CHECK(failure({"HTTP/1.1 200 OK\r\nContent-Length: 1001\r\n\r\n" + std::string(1001, 'x')})
              .ends_with("its answer is larger than 1000 bytes"));
    CHECK(failure({"HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nab"}, Server::End::stay)
              .ends_with("not done within 3s"));
    CHECK(failure({"HTTP/1.1 200 OK\r\nX: " + std::string(100'000, 'x') + "\r\n\r\n"})
              .ends_with("header limit exceeded"));
    CHECK_FALSE(failure({"SSH-2.0-OpenSSH_9.2\r\n\r\n"}).empty());
}

TEST_CASE("http_client: nobody listens, no such name, no TLS spoken") {
    std::uint16_t port = 0;
    {
        const Server server{{}};
        port = server.port();
        auto request = get(server);
        request.url.secure = true;
        CHECK(stage_of(exchange(request, {})) == ReachStage::tls);
    }
    HttpRequest request;
    request.url = {.secure = false, .host = "127.0.0.1", .port = port, .target = "/"};
    const auto refused = exchange(request, {});
    CHECK(stage_of(refused) == ReachStage::connect);
    CHECK(refused.failure().what == "127.0.0.1:" + std::to_string(port) + ": Connection refused");
    request.url.host = "no such name";
    CHECK(stage_of(exchange(request, {})) == ReachStage::name);
    request.url.secure = true;
    request.url.host = "127.0.0.1";
    CHECK(stage_of(exchange(request, {.ca_file = "/nowhere.pem"})) == ReachStage::connect);
}

TEST_CASE("http_client: through a proxy it asks for the server by name, and then the server") {
    Server proxy{{"HTTP/1.1 200 Connection established\r\n\r\n",
                  "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nhi"}};
    HttpRequest request;
    request.url = {.secure = false, .host = "server.example", .port = 8080, .target = "/x"};
    const auto result = exchange(request, {.proxy = "127.0.0.1:" + std::to_string(proxy.port())});
    REQUIRE(result);
    CHECK(result->body == "hi");
    const auto asked = proxy.asked();
    CHECK(asked.starts_with("CONNECT server.example:8080 HTTP/1.1\r\n"));
    CHECK(asked.find("GET /x HTTP/1.1\r\nHost: server.example:8080\r\n") != std::string::npos);
}

TEST_CASE(
    "http_client: a proxy that refuses, is silent or talks too early fails at the stage proxy") {
    HttpRequest request;
    request.url.host = "server.example";
    const auto failure = [&](std::vector<std::string> answers) {
        const Server proxy{std::move(answers), Server::End::stay};
        const auto result = exchange(
            request, {.proxy = "127.0.0.1:" + std::to_string(proxy.port()), .patience = 3s});
        CHECK(stage_of(result) == ReachStage::proxy);
        return result.failure().what;
    };
    CHECK(failure({"HTTP/1.1 407 Proxy Authentication Required\r\n\r\n"})
              .ends_with("answers 407 when asked for server.example:443"));
    CHECK(failure({}).ends_with("not done within 3s"));
    CHECK_FALSE(failure({"HTTP/1.1 200 OK\r\n\r\nearly"}).empty());
}
