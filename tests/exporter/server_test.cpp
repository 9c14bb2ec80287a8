#include "exporter/server.h"

#include "tests/exporter/client.h"
#include "tests/exporter/example.h"
#include "tests/exporter/gunzip.h"
#include "tests/support/temporary_directory.h"

#include <atomic>
#include <chrono>
#include <filesystem>
#include <thread>

#include <doctest/doctest.h>
#include <sys/socket.h>
#include <unistd.h>

using namespace paws;
using namespace paws::exporter;
using namespace paws::exporter::testing;
using namespace std::chrono_literals;

namespace {

// A server on a port of its own, with the example's snapshot; counts what it asks for.
class Running {
public:
    explicit Running(std::vector<std::string> listen = {"127.0.0.1:0"})
        : server_{Server::start({.listen = std::move(listen)}, sources())} {
        REQUIRE_MESSAGE(server_, (server_ ? "" : server_.error().what));
    }

    const std::string& address(std::size_t at = 0) { return server_->addresses().at(at); }
    std::size_t addresses() { return server_->addresses().size(); }
    int renderings() const { return *asked_for_agent_; }
    void publish(Snapshot snapshot) {
        const std::lock_guard lock{*mutex_};
        *snapshot_ = std::make_shared<const Snapshot>(std::move(snapshot));
    }

private:
    Sources sources() {
        const auto latest = [mutex = mutex_, snapshot = snapshot_] {
            const std::lock_guard lock{*mutex};
            return *snapshot;
        };
        return {.latest = latest,
                .fresh = latest,
                .agent =
                    [count = asked_for_agent_] {
                        ++*count;
                        return example_agent();
                    },
                .now = [] { return noon; },
                .past_hour = [] { return PastHour{}; }};
    }

    std::shared_ptr<std::mutex> mutex_ = std::make_shared<std::mutex>();
    std::shared_ptr<std::shared_ptr<const Snapshot>> snapshot_ =
        std::make_shared<std::shared_ptr<const Snapshot>>(
            std::make_shared<const Snapshot>(example_snapshot()));
    std::shared_ptr<std::atomic<int>> asked_for_agent_ = std::make_shared<std::atomic<int>>(0);
    Result<Server> server_;
};

std::string get(const std::string& path) {
    return "GET " + path + " HTTP/1.1\r\nHost: localhost\r\n\r\n";
}

std::string port_of(const std::string& address) {
    return address.substr(address.rfind(':') + 1);
}

bool has_ipv6() {
    const int socket = ::socket(AF_INET6, SOCK_STREAM, 0);
    ::close(socket);
    return socket >= 0;
}

// In a crowd who is slow to ask is hung up, too, and comes again.
std::string fetch_in_a_crowd(const std::string& address, const std::string& path) {
    auto answer = fetch(address, path);
    for (int more = 0; more < 20 && answer.empty(); ++more) {
        answer = fetch(address, path);
    }
    return answer;
}

template <class Condition>
double seconds_until(const Condition& done) {
    const auto start = std::chrono::steady_clock::now();
    done();
    return std::chrono::duration<double>{std::chrono::steady_clock::now() - start}.count();
}

}  // namespace

TEST_CASE("Server: every page over a real socket") {
    Running server;
    const auto metrics = fetch(server.address(), "/metrics");
    CHECK(status_of(metrics) == 200);
    CHECK(metrics.find("\r\nContent-Type: text/plain; version=0.0.4; charset=utf-8\r\n") !=
          std::string::npos);
    CHECK(body_of(metrics).ends_with("\n"));
    CHECK(body_of(metrics).find("\npaws_runner_up{runner=\"acme-widgets.build-01\"} 1\n") !=
          std::string::npos);
    CHECK(body_of(fetch(server.address(), "/-/healthy")) == "alive\n");
    CHECK(status_of(fetch(server.address(), "/-/ready")) == 200);
    for (const auto* path : {"/api/v1/status?pretty",
                             "/api/v1/runners",
                             "/api/v1/runners/build%2d01",
                             "/api/v1/history"}) {
        CAPTURE(path);
        CHECK(status_of(fetch(server.address(), path)) == 200);
    }
    CHECK(status_of(fetch(server.address(), "/etc/passwd")) == 404);
}

TEST_CASE("Server: whoever asks by a foreign name gets nothing that stays on this machine") {
    Running server;
    Client client{server.address()};
    client.send("GET /api/v1/status HTTP/1.1\r\nHost: evil.example\r\n\r\n");
    CHECK(status_of(client.receive()) == 403);
}

TEST_CASE("Server: the status page comes with the headers that guard it") {
    Running server;
    for (const auto* path : {"/", "/status.css", "/status.js"}) {
        CAPTURE(path);
        const auto answer = fetch(server.address(), path, "Accept-Encoding: gzip\r\n");
        CHECK(status_of(answer) == 200);
        for (const auto* header :
             {"Content-Security-Policy: default-src 'none'; script-src 'self'; ",
              "X-Content-Type-Options: nosniff\r\n",
              "Referrer-Policy: no-referrer\r\n",
              "Cache-Control: no-store\r\n",
              "Content-Encoding: gzip\r\n",
              "Vary: Accept-Encoding\r\n"}) {
            CAPTURE(header);
            CHECK(answer.find(std::string{"\r\n"} + header) != std::string::npos);
        }
    }
}

TEST_CASE("Server: OpenMetrics and gzip when they are asked for") {
    Running server;
    const auto answer = fetch(server.address(),
                              "/metrics",
                              "Accept: application/openmetrics-text;version=1.0.0\r\n"
                              "Accept-Encoding: gzip\r\n");
    CHECK(answer.find("\r\nContent-Encoding: gzip\r\n") != std::string::npos);
    CHECK(gunzip(body_of(answer)).ends_with("# EOF\n"));
}

TEST_CASE("Server: a connection is kept for the next request, also when they come at once") {
    Running server;
    Client client{server.address()};
    client.send(get("/-/healthy"));
    CHECK(body_of(client.receive()) == "alive\n");
    client.send(get("/-/ready") + get("/nowhere") + get("/-/healthy"));
    CHECK(body_of(client.receive()) == "ready\n");
    CHECK(status_of(client.receive()) == 404);
    CHECK(body_of(client.receive()) == "alive\n");
}

TEST_CASE("Server: a request in pieces is put together") {
    Running server;
    Client client{server.address()};
    for (const auto* piece : {"G", "ET /-/heal", "thy HTTP/1.1\r", "\nHost: x\r\n\r", "\n"}) {
        client.send(piece);
    }
    CHECK(body_of(client.receive()) == "alive\n");
}

TEST_CASE("Server: HEAD has the length of the body and no body") {
    Running server;
    Client client{server.address()};
    client.send("HEAD /metrics HTTP/1.1\r\nHost: x\r\n\r\n" + get("/-/healthy"));
    const auto head = client.receive(true);
    CHECK(status_of(head) == 200);
    CHECK(head.find("\r\nContent-Length: 0\r\n") == std::string::npos);
    CHECK(body_of(client.receive()) == "alive\n");
}

TEST_CASE("Server: other methods are refused, and a body ends the connection unread") {
    Running server;
    Client client{server.address()};
    client.send("POST /metrics HTTP/1.1\r\nHost: x\r\nContent-Length: 1000000000\r\n\r\n");
    const auto answer = client.receive();
    CHECK(status_of(answer) == 405);
    CHECK(answer.find("\r\nAllow: GET, HEAD\r\n") != std::string::npos);
    CHECK(answer.find("\r\nConnection: close\r\n") != std::string::npos);
    CHECK(client.closed());
    Client chunked{server.address()};
    chunked.send("PUT / HTTP/1.1\r\nHost: localhost\r\nTransfer-Encoding: chunked\r\n\r\n");
    CHECK(status_of(chunked.receive()) == 405);
    CHECK(chunked.closed());
}

TEST_CASE("Server: a client that speaks HTTP/1.0 or wants to leave is let go") {
    Running server;
    Client old{server.address()};
    old.send("GET /-/healthy HTTP/1.0\r\n\r\n");
    CHECK(body_of(old.receive()) == "alive\n");
    CHECK(old.closed());
    Client leaving{server.address()};
    leaving.send("GET /-/healthy HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n");
    CHECK(body_of(leaving.receive()) == "alive\n");
    CHECK(leaving.closed());
}

TEST_CASE("Server: what is no request is refused in a line, and hung up") {
    Running server;
    for (const std::string& bytes :
         {std::string{"\r\n\r\n"},
          std::string{"GET\r\n\r\n"},
          std::string{"nonsense\r\n\r\n"},
          std::string{"GET /metrics HTTP/9.9\r\n\r\n"},
          std::string{"\x16\x03\x01\x02\r\n\r\n"},
          std::string{"GET /a\0b HTTP/1.1\r\nHost: x\r\n\r\n", 30},
          "GET /" + std::string(20'000, 'a') + " HTTP/1.1\r\nHost: x\r\n\r\n",
          "GET / HTTP/1.1\r\nX: " + std::string(1'000'000, 'a') + "\r\n\r\n"}) {
        CAPTURE(bytes.substr(0, 40));
        Client client{server.address()};
        client.send(bytes);
        const auto answer = client.receive();
        CHECK((answer.empty() || status_of(answer) >= 400));
        CHECK(answer.find("<html") == std::string::npos);
        CHECK(client.closed());
    }
    CHECK(body_of(fetch(server.address(), "/-/healthy")) == "alive\n");
}

TEST_CASE("Server: odd paths lead nowhere") {
    Running server;
    for (const auto* path : {"/%",
                             "/%zz",
                             "/%00",
                             "/%6detrics",
                             "/../../etc/passwd",
                             "//metrics",
                             "/metrics/..",
                             "/.htpasswd",
                             "/index.html",
                             "/cgi-bin/x.cgi",
                             "/x.php",
                             "/\xFF\xFE",
                             "/metrics%00"}) {
        CAPTURE(path);
        const auto status = status_of(fetch(server.address(), path));
        CHECK((status == 404 || status == 400));
    }
}

TEST_CASE("Server: twenty scrapes at once are one rendering") {
    Running server;
    std::vector<std::thread> clients;
    std::atomic<int> good = 0;
    for (int client = 0; client < 20; ++client) {
        clients.emplace_back([&] {
            const auto answer = fetch(server.address(), "/metrics", "Accept-Encoding: gzip\r\n");
            good += status_of(answer) == 200 ? 1 : 0;
        });
    }
    for (auto& client : clients) {
        client.join();
    }
    CHECK(good == 20);
    CHECK(server.renderings() == 1);
}

TEST_CASE("Server: a new snapshot is in the next answer") {
    Running server;
    Client client{server.address()};
    client.send(get("/metrics"));
    CHECK(client.receive().find("paws_host_load1 0.5\n") != std::string::npos);
    auto next = example_snapshot();
    ++next.sequence;
    next.facts.host.load.value->one = 7;
    server.publish(std::move(next));
    client.send(get("/metrics"));
    CHECK(client.receive().find("paws_host_load1 7\n") != std::string::npos);
}

TEST_CASE("Server: a hundred idle clients and a slow one keep nobody from /-/healthy") {
    Running server;
    std::vector<Client> idle;
    for (int client = 0; client < 100; ++client) {
        idle.emplace_back(server.address());
    }
    Client slow{server.address()};
    slow.send("GET /metrics HT");
    for (int round = 0; round < 3; ++round) {
        std::string answer;
        CHECK(seconds_until([&] { answer = fetch_in_a_crowd(server.address(), "/-/healthy"); }) <
              15);
        CHECK(body_of(answer) == "alive\n");
    }
}

TEST_CASE("Server: clients that never read their answers keep nobody out") {
    Running server;
    std::vector<Client> deaf;
    for (int client = 0; client < 40; ++client) {
        deaf.emplace_back(server.address());
        for (int request = 0; request < 60; ++request) {
            deaf.back().send(get("/metrics"));
        }
    }
    CHECK(body_of(fetch_in_a_crowd(server.address(), "/-/healthy")) == "alive\n");
}

TEST_CASE("Server: both families on one port, a family alone, and a unix socket") {
    const TemporaryDirectory dir;
    const auto path = (dir.path() / "web.sock").string();
    Running server{{":0", "unix:" + path}};
    CHECK(server.addresses() == 2);
    const auto port = port_of(server.address());
    CHECK(body_of(fetch("127.0.0.1:" + port, "/-/healthy")) == "alive\n");
    CHECK(status_of(fetch("127.0.0.1:" + port, "/api/v1/status")) == 200);
    CHECK(server.address(1) == "unix:" + path);
    CHECK(std::filesystem::status(path).permissions() == std::filesystem::perms{0660});
    CHECK(status_of(fetch("unix:" + path, "/api/v1/status")) == 200);
    if (has_ipv6()) {
        CHECK(body_of(fetch("[::1]:" + port, "/-/healthy")) == "alive\n");
        CHECK(status_of(fetch("[::1]:" + port, "/api/v1/status")) == 200);
        Running only{{"[::1]:0"}};
        CHECK(body_of(fetch(only.address(), "/-/healthy")) == "alive\n");
    }
}

TEST_CASE("Server: a port that is taken is named, with the way to find who has it") {
    Running server;
    const auto second = Server::start({.listen = {server.address()}}, {});
    REQUIRE_FALSE(second);
    CHECK(second.error().code == Errc::unavailable);
    const auto port = port_of(server.address());
    CHECK(second.error().what == "cannot listen on " + server.address() + ": port " + port +
                                     " is taken; `ss -ltnp 'sport = :" + port +
                                     "'` shows by whom, [web] listen chooses another");
}

TEST_CASE("Server: a unix socket's path may look like a port to civetweb") {
    const TemporaryDirectory dir;
    const auto path = (dir.path() / "web1s,2r.sock").string();
    CHECK_FALSE(Server::start({.listen = {"unix:" + path}}, {}));
    Running server{{"unix:" + (dir.path() / "web1s.sock").string()}};
    CHECK(body_of(fetch(server.address(), "/-/healthy")) == "alive\n");
}

TEST_CASE("Server: a unix socket's directory that is not there is named") {
    const auto started = Server::start({.listen = {"unix:/nowhere/web.sock"}}, {});
    REQUIRE_FALSE(started);
    CHECK(started.error().what ==
          "cannot listen on unix:/nowhere/web.sock: /nowhere: No such file or directory; the "
          "daemon's user must be able to write there, as in /run/paws-agent");
}

TEST_CASE("Server: a unix socket in use is left alone, one left behind is replaced") {
    const TemporaryDirectory dir;
    const auto path = (dir.path() / "web.sock").string();
    {
        Running server{{"unix:" + path}};
        const auto second = Server::start({.listen = {"unix:" + path}}, {});
        REQUIRE_FALSE(second);
        CHECK(second.error().what.find("another process answers there") != std::string::npos);
        CHECK(body_of(fetch("unix:" + path, "/-/healthy")) == "alive\n");
        std::filesystem::create_hard_link(path, dir.path() / "copy");
    }
    std::filesystem::rename(dir.path() / "copy", path);
    Running again{{"unix:" + path}};
    CHECK(body_of(fetch("unix:" + path, "/-/healthy")) == "alive\n");
}

TEST_CASE("Server: a wrong address is refused before anything is opened") {
    CHECK_FALSE(Server::start({.listen = {"127.0.0.1:0", "nonsense"}}, {}));
    CHECK_FALSE(Server::start({.listen = {}}, {}));
}

TEST_CASE("Server: it stops at once, whoever is connected") {
    double took = 1;
    for (int turn = 0; turn < 10 && took >= 1; ++turn) {  // on a slow machine the quickest counts
        auto server = std::make_unique<Running>();
        Client idle{server->address()};
        idle.send(get("/-/healthy"));
        CHECK(body_of(idle.receive()) == "alive\n");
        const Client slow{server->address()};
        slow.send("GET");
        took = seconds_until([&] { server.reset(); });
        CHECK(idle.closed());
    }
    CHECK(took < 1);
}
