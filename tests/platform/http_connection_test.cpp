// What is said over a connection, and when it is kept.
#include "tests/platform/http_connection_rig.h"

#include <atomic>
#include <future>
#include <thread>

using namespace paws;
using namespace paws::tests;
using platform::Keep;

namespace {

// Answers once for each connection, then closes it.
void answer_once(WebClient& client) {
    if (client.read()) {
        client.send(web_ok);
    }
}

// What a server did not read when it closed makes the kernel reset the connection.
WebServer::Serve refuse_early(std::string answer) {
    return [answer = std::move(answer)](WebClient& client) {
        client.read_header();
        client.send(answer);
    };
}

}  // namespace

TEST_CASE("http_connection: a hundred requests go over one connection") {
    const WebServer server{answer_each(web_ok)};
    Rig rig{url_of(server.port())};
    for (int number = 0; number < 100; ++number) {
        const auto result = rig.ask(post_of(std::to_string(number)));
        REQUIRE(result);
        CHECK(result->status == 200);
        CHECK(result->body == "ok");
    }
    CHECK(rig.connection->opened() == 1);
    CHECK(server.accepted() == 1);
}

TEST_CASE("http_connection: answers without a body leave it open, and a HEAD has none") {
    const WebServer server{[](WebClient& client) {
        for (const auto* answer : {"HTTP/1.1 204 No Content\r\n\r\n",
                                   "HTTP/1.1 200 OK\r\nContent-Length: 1000\r\n\r\n",
                                   "HTTP/1.1 304 Not Modified\r\nETag: \"x\"\r\n\r\n"}) {
            client.read();
            client.send(answer);
        }
        client.wait();
    }};
    Rig rig{url_of(server.port())};
    CHECK(rig.ask()->status == 204);
    HttpRequest head;
    head.method = "HEAD";
    CHECK(rig.ask(head)->status == 200);
    CHECK(rig.ask()->status == 304);
    CHECK(rig.connection->opened() == 1);
}

TEST_CASE("http_connection: one that the server closed between two requests is opened anew") {
    const WebServer server{answer_once};
    Rig rig{url_of(server.port())};
    for (int number = 0; number < 3; ++number) {
        const auto result = rig.ask(post_of("body"));
        REQUIRE(result);
        CHECK(result->body == "ok");
    }
    CHECK(rig.connection->opened() == 3);
}

TEST_CASE("http_connection: a server that wants it closed is not asked over it again") {
    for (const std::string answer :
         {"HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: 2\r\n\r\nok",
          "HTTP/1.0 200 OK\r\nConnection: keep-alive\r\nContent-Length: 2\r\n\r\nok",
          "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok and more"}) {
        CAPTURE(answer);
        const WebServer server{answer_each(answer)};  // and yet it would answer
        Rig rig{url_of(server.port())};
        CHECK(rig.ask()->body == "ok");
        CHECK(rig.ask()->body == "ok");
        CHECK(rig.connection->opened() == 2);
        CHECK(server.accepted() == 2);
    }
}

TEST_CASE("http_connection: kept or not, the request says so") {
    std::string said;
    {
        const WebServer server{[&](WebClient& client) {
            if (const auto request = client.read()) {
                said = request->count("Connection") == 0 ? "" : request->at("Connection");
                client.send(web_ok);
                client.wait();
            }
        }};
        Rig rig{url_of(server.port()), {.keep = Keep::no}};
        CHECK(rig.ask());
    }
    CHECK(said == "close");
    {
        const WebServer server{[&](WebClient& client) {
            if (const auto request = client.read()) {
                said = request->count("Connection") == 0 ? "" : request->at("Connection");
                client.send(web_ok);
                client.wait();
            }
        }};
        Rig rig{url_of(server.port())};
        CHECK(rig.ask());
    }
    CHECK(said.empty());
}

TEST_CASE("http_connection: a server that reads and closes fails the request, after one new try") {
    std::atomic<int> read{0};
    const WebServer server{[&](WebClient& client) {
        while (client.read()) {
            if (++read > 1) {
                return;
            }
            client.send(web_ok);
        }
    }};
    Rig rig{url_of(server.port())};
    CHECK(rig.ask());
    const auto second = rig.ask(post_of("body"));
    REQUIRE_FALSE(second);
    CHECK(second.failure().stage == ReachStage::http);
    CHECK(second.failure().what.ends_with("closed the connection without an answer"));
    CHECK(read == 3);
    const auto fresh = rig.ask(post_of("body"));
    REQUIRE_FALSE(fresh);
    CHECK(read == 4);  // one of its own is not tried again
}

TEST_CASE("http_connection: an answer that ends in its middle is not asked for again") {
    std::atomic<int> read{0};
    const WebServer server{[&](WebClient& client) {
        while (client.read()) {
            if (++read > 1) {
                client.send("HTTP/1.1 2");
                return;
            }
            client.send(web_ok);
        }
    }};
    Rig rig{url_of(server.port())};
    CHECK(rig.ask());
    const auto cut = rig.ask();
    REQUIRE_FALSE(cut);
    CHECK(cut.failure().what.ends_with("closed the connection in the middle of its answer"));
    CHECK(read == 2);
}

TEST_CASE("http_connection: an answer byte by byte is one, if it ends in time") {
    const WebServer server{[](WebClient& client) {
        while (client.read()) {
            for (const char letter : web_ok) {
                client.send({&letter, 1});
                std::this_thread::sleep_for(1ms);
            }
        }
    }};
    Rig patient{url_of(server.port())};
    CHECK(patient.ask()->body == "ok");
    CHECK(patient.ask()->body == "ok");
    CHECK(patient.connection->opened() == 1);
    const WebServer slow{[](WebClient& client) {
        client.read();
        for (client.send("HTTP/1.1 200 OK\r\nX: "); client.send("x");) {
            std::this_thread::sleep_for(10ms);
        }
    }};
    Rig hasty{url_of(slow.port()), {.patience = 2s}};
    const auto late = hasty.ask();
    REQUIRE_FALSE(late);
    CHECK(late.failure().timed_out);
    CHECK(late.failure().stage == ReachStage::http);
}

TEST_CASE("http_connection: a server that never answers costs the patience and no more") {
    std::atomic<int> read{0};
    const WebServer server{[&](WebClient& client) {
        while (client.read()) {
            if (++read == 1) {
                client.send(web_ok);
            }
        }
    }};
    Rig rig{url_of(server.port()), {.patience = 3s}};
    CHECK(rig.ask());
    const Stopwatch watch;
    const auto silent = rig.ask(post_of("body"));
    CHECK(watch.passed() >= 2900ms);
    CHECK(watch.passed() < 20s);
    REQUIRE_FALSE(silent);
    CHECK(silent.failure().timed_out);
    CHECK(silent.failure().what ==
          "127.0.0.1:" + std::to_string(server.port()) + ": not done within 3s");
    CHECK(read == 2);  // late is not closed: it is not asked again
}

TEST_CASE("http_connection: a server that does not read costs the patience and no more") {
    std::promise<void> gate;
    const WebServer server{[opened = gate.get_future().share()](WebClient& client) {
        client.read_header();
        opened.wait();
    }};
    Rig rig{url_of(server.port()), {.patience = 200ms}};
    const Stopwatch watch;
    const auto stuck = rig.ask(post_of(std::string(64U << 20U, 'x')));
    CHECK(watch.passed() < 20s);
    gate.set_value();
    REQUIRE_FALSE(stuck);
    CHECK(stuck.failure().timed_out);
}

TEST_CASE("http_connection: an answer larger than the limit is refused, announced or not") {
    for (const std::string head :
         {"HTTP/1.1 200 OK\r\nContent-Length: 1001\r\n\r\n",
          "HTTP/1.1 200 OK\r\n\r\n",
          "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3e9\r\n"}) {
        CAPTURE(head);
        const WebServer server{answer_each(head + std::string(1001, 'x'))};
        Rig rig{url_of(server.port()), {.body_limit = 1000}};
        const auto huge = rig.ask();
        REQUIRE_FALSE(huge);
        CHECK(huge.failure().what.ends_with("its answer is larger than 1000 bytes"));
    }
}

TEST_CASE("http_connection: a refusal that comes before all is sent is the answer") {
    const WebServer server{refuse_early(
        "HTTP/1.1 413 Too Large\r\nConnection: close\r\nContent-Length: 5\r\n\r\nlarge")};
    Rig rig{url_of(server.port())};
    for (int number = 0; number < 5; ++number) {
        const auto refused = rig.ask(post_of(std::string(16U << 20U, 'x')));
        REQUIRE(refused);
        CHECK(refused->status == 413);
        CHECK(refused->body == "large");
    }
    CHECK(rig.connection->opened() == 5);
}

TEST_CASE("http_connection: without an answer it counts that not all could be sent") {
    const WebServer server{refuse_early("")};
    Rig rig{url_of(server.port())};
    const auto reset = rig.ask(post_of(std::string(16U << 20U, 'x')));
    REQUIRE_FALSE(reset);
    CHECK(reset.failure().stage == ReachStage::http);
    CHECK_FALSE(reset.failure().timed_out);
}

TEST_CASE("http_connection: answers in between are passed over, a redirect is not followed") {
    const WebServer server{answer_each(
        "HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 103 Early Hints\r\nLink: </x>\r\n\r\n"
        "HTTP/1.1 301 Moved\r\nLocation: http://127.0.0.1:1/\r\nContent-Length: 0\r\n\r\n")};
    Rig rig{url_of(server.port())};
    CHECK(rig.ask()->status == 301);
    CHECK(rig.ask()->status == 301);
    CHECK(rig.connection->opened() == 1);
}

TEST_CASE("http_connection: what a request holds arrives, and none of it is in a failure") {
    std::string body(1U << 20U, '\0');
    unsigned seed = 1;
    for (auto& byte : body) {
        seed = seed * 1664525U + 1013904223U;
        byte = static_cast<char>(seed >> 24U);
    }
    std::string arrived;
    std::string target;
    std::atomic<int> read{0};
    const WebServer server{[&](WebClient& client) {
        while (auto request = client.read()) {
            if (++read > 1) {
                return;
            }
            arrived = std::move(request->body());
            target = request->target();
            client.send(web_ok);
        }
    }};
    Rig rig{url_of(server.port())};
    auto request = post_of(body);
    request.url.target = "/loki/api/v1/push";
    request.headers = {{"Authorization", "Bearer secret-token"}};
    REQUIRE(rig.ask(request));
    CHECK(arrived == body);
    CHECK(target == "/loki/api/v1/push");
    request.body = "secret-body";
    const auto failure = rig.ask(request);
    REQUIRE_FALSE(failure);
    CHECK(failure.failure().what.find("secret") == std::string::npos);
}
