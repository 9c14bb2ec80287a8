// How a connection comes about: names, addresses, a proxy; and how it ends early.
#include "platform/straggler.h"
#include "platform/unique_fd.h"
#include "tests/platform/http_connection_rig.h"

#include <atomic>
#include <future>
#include <thread>

#include <arpa/inet.h>
#include <boost/asio/bind_cancellation_slot.hpp>
#include <boost/asio/cancellation_signal.hpp>
#include <sys/socket.h>

using namespace paws;
using namespace paws::tests;
using boost::asio::ip::make_address;
using boost::asio::ip::tcp;
using platform::Addresses;
using platform::AskOn;
using platform::Names;
using platform::UniqueFd;

namespace {

// Takes no connection: its queue is full, so that who connects waits.
class FullServer {
public:
    FullServer() {
        sockaddr_in address{};
        address.sin_family = AF_INET;
        address.sin_addr.s_addr = ::htonl(INADDR_LOOPBACK);
        socklen_t size = sizeof address;
        auto* generic = reinterpret_cast<sockaddr*>(&address);
        REQUIRE(::bind(listener_.get(), generic, size) == 0);
        REQUIRE(::listen(listener_.get(), 0) == 0);
        REQUIRE(::getsockname(listener_.get(), generic, &size) == 0);
        port_ = ntohs(address.sin_port);
        for (auto& client : clients_) {
            // The last ones do not come through.
            CHECK(::connect(client.get(), generic, size) != 0);
        }
    }
    std::uint16_t port() const { return port_; }

private:
    static UniqueFd make(int flags) {
        return UniqueFd{::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC | flags, 0)};
    }
    UniqueFd listener_ = make(0);
    std::array<UniqueFd, 3> clients_{make(SOCK_NONBLOCK), make(SOCK_NONBLOCK), make(SOCK_NONBLOCK)};
    std::uint16_t port_ = 0;
};

platform::HttpUrl named(std::uint16_t port) {
    return {.secure = false, .host = "server.example", .port = port, .target = "/"};
}

Names at(std::vector<tcp::endpoint> list) {
    return {.ask = [list = std::move(list)](
                       const std::string&,
                       std::uint16_t) { return Addresses{.problem = {}, .list = list}; },
            .ask_on = AskOn::loop};
}

// A resolver that answers when it is told to.
struct StuckResolver {
    Names names() {
        return {.ask = [opened = gate.get_future().share(), asked = asked](const std::string&,
                                                                           std::uint16_t port) {
            ++*asked;
            opened.wait();
            return Addresses{.problem = {}, .list = {{make_address("127.0.0.1"), port}}};
        }};
    }
    std::promise<void> gate;
    std::shared_ptr<std::atomic<int>> asked = std::make_shared<std::atomic<int>>(0);
};

// Waits until no question is open any more.
bool all_answered() {
    const Stopwatch watch;
    while (platform::has_open_questions() && watch.passed() < 20s) {
        std::this_thread::sleep_for(1ms);
    }
    return !platform::has_open_questions();
}

void check_given_up(const HttpResult& result, ReachStage stage) {
    REQUIRE_FALSE(result);
    CHECK(result.failure().stage == stage);
    CHECK(result.failure().what.ends_with(": given up"));
    CHECK_FALSE(result.failure().timed_out);
}

}  // namespace

TEST_CASE("http_connection: the system knows the name, or says that it does not") {
    const WebServer server{answer_each(web_ok)};
    auto url = url_of(server.port());
    url.host = "localhost";
    Rig known{url};
    CHECK(known.ask()->status == 200);
    url.host = "no such name";
    Rig unknown{url};
    const auto failure = unknown.ask();
    REQUIRE_FALSE(failure);
    CHECK(failure.failure().stage == ReachStage::name);
    CHECK(failure.failure().what.starts_with("no such name:"));
    CHECK(all_answered());
}

TEST_CASE("http_connection: a name that is not answered costs the patience and one thread") {
    StuckResolver resolver;
    const WebServer server{answer_each(web_ok)};
    {
        Rig rig{named(server.port()), {.patience = 2s}, resolver.names()};
        const Stopwatch watch;
        for (int number = 0; number < 3; ++number) {
            const auto stuck = rig.ask();
            REQUIRE_FALSE(stuck);
            CHECK(stuck.failure().stage == ReachStage::name);
            CHECK(stuck.failure().timed_out);
            CHECK(stuck.failure().what.ends_with("not done within 2s"));
        }
        CHECK(watch.passed() < 20s);
        CHECK(*resolver.asked == 1);
        CHECK(platform::has_open_questions());
        resolver.gate.set_value();
        REQUIRE(all_answered());
        CHECK(rig.ask());
        CHECK(*resolver.asked == 2);  // what came too late is not used
    }
    CHECK(all_answered());
}

TEST_CASE("http_connection: a name that is not answered delays no destruction") {
    StuckResolver resolver;
    {
        const Stopwatch watch;
        {
            Rig rig{named(1), {.patience = 1h}, resolver.names()};
            rig.start({});
            rig.run_until([&] { return *resolver.asked == 1; });
        }
        CHECK(watch.passed() < 20s);
    }
    CHECK(platform::has_open_questions());
    resolver.gate.set_value();
    CHECK(all_answered());
}

TEST_CASE("http_connection: on the loop a name is asked there, and the patience counts after it") {
    const WebServer server{answer_each(web_ok)};
    auto names = at({{make_address("127.0.0.1"), server.port()}});
    const auto me = std::this_thread::get_id();
    names.ask = [me, ask = names.ask](const std::string& host, std::uint16_t port) {
        CHECK(std::this_thread::get_id() == me);
        std::this_thread::sleep_for(2500ms);
        return ask(host, port);
    };
    Rig rig{named(server.port()), {.patience = 2s}, names};
    CHECK(rig.ask());
}

TEST_CASE(
    "http_connection: addresses are tried in their order, and one that is silent leaves time") {
    const WebServer server{answer_each(web_ok)};
    const FullServer full;
    const tcp::endpoint good{make_address("127.0.0.1"), server.port()};
    const tcp::endpoint refuses{make_address("127.0.0.1"), 1};
    const tcp::endpoint of_another_family{make_address("::1"), 1};
    const tcp::endpoint silent{make_address("127.0.0.1"), full.port()};
    Rig second{named(1), {}, at({refuses, of_another_family, good})};
    CHECK(second.ask());
    Rig third{named(1), {.patience = 5s}, at({silent, good})};
    const Stopwatch watch;
    CHECK(third.ask());
    CHECK(watch.passed() >= 2s);
    Rig none{named(1), {}, at({refuses, refuses})};
    const auto refused = none.ask();
    REQUIRE_FALSE(refused);
    CHECK(refused.failure().stage == ReachStage::connect);
    CHECK(refused.failure().what == "server.example:1: Connection refused");
    Rig late{named(1), {.patience = 200ms}, at({refuses, silent})};
    const auto failure = late.ask();
    REQUIRE_FALSE(failure);
    CHECK(failure.failure().stage == ReachStage::connect);
    CHECK(failure.failure().timed_out);
    Rig empty{named(1), {}, at({})};
    REQUIRE_FALSE(empty.ask());
    CHECK(all_answered());
}

TEST_CASE("http_connection: a proxy is asked once for each connection") {
    std::atomic<int> tunnels{0};
    std::string asked;
    const WebServer proxy{[&](WebClient& client) {
        const auto request = client.read();
        if (request && client.send("HTTP/1.1 200 Connection established\r\n\r\n")) {
            asked = std::string{request->method_string()} + " " + std::string{request->target()};
            ++tunnels;
            answer_each(web_ok)(client);
        }
    }};
    HttpOptions options;
    options.proxy = "127.0.0.1:" + std::to_string(proxy.port());
    Rig rig{named(8080), options};
    for (int number = 0; number < 3; ++number) {
        CHECK(rig.ask()->body == "ok");
    }
    CHECK(tunnels == 1);
    CHECK(asked == "CONNECT server.example:8080");
    CHECK(rig.connection->opened() == 1);
}

TEST_CASE("http_connection: what is no proxy, refuses or is silent fails at the stage proxy") {
    const auto failure = [](const std::string& proxy) {
        Rig rig{named(8080), {.proxy = proxy, .patience = 3s}};
        const auto result = rig.ask();
        REQUIRE_FALSE(result);
        CHECK(result.failure().stage == ReachStage::proxy);
        return result.failure();
    };
    CHECK(failure("a@b").what.starts_with("proxy: "));
    const WebServer refusing{answer_each("HTTP/1.1 407 No\r\n\r\n")};
    const auto refusing_place = "127.0.0.1:" + std::to_string(refusing.port());
    CHECK(failure(refusing_place).what ==
          "proxy " + refusing_place + ": answers 407 when asked for server.example:8080");
    const WebServer silent{[](WebClient& client) { client.wait(); }};
    CHECK(failure("127.0.0.1:" + std::to_string(silent.port())).timed_out);
}

TEST_CASE("http_connection: to close it ends what is under way, at any stage") {
    StuckResolver resolver;
    Rig naming{named(1), {}, resolver.names()};
    check_given_up(naming.ask_and_close([&] { return *resolver.asked == 1; }), ReachStage::name);
    resolver.gate.set_value();
    const FullServer full;
    const auto at_once = [] { return true; };
    Rig connecting{url_of(full.port())};
    check_given_up(connecting.ask_and_close(at_once), ReachStage::connect);
    Rig second{
        named(1),
        {},
        at({{make_address("127.0.0.1"), full.port()}, {make_address("127.0.0.1"), full.port()}})};
    check_given_up(second.ask_and_close(at_once), ReachStage::connect);
    std::atomic<int> heard{0};
    const WebServer silent{[&](WebClient& client) {
        char byte = 0;
        heard += ::recv(client.descriptor(), &byte, 1, MSG_PEEK) == 1 ? 1 : 0;
        client.wait();
    }};
    Rig shaking{url_of(silent.port(), true)};
    check_given_up(shaking.ask_and_close([&] { return heard == 1; }), ReachStage::tls);
    Rig reading{url_of(silent.port())};
    check_given_up(reading.ask_and_close([&] { return heard == 2; }), ReachStage::http);
    std::promise<void> gate;
    const WebServer unread{[&, opened = gate.get_future().share()](WebClient& client) {
        client.read_header();
        ++heard;
        opened.wait();
    }};
    Rig writing{url_of(unread.port())};
    check_given_up(
        writing.ask_and_close([&] { return heard == 3; }, post_of(std::string(64U << 20U, 'x'))),
        ReachStage::http);
    gate.set_value();
    CHECK(all_answered());
}

TEST_CASE("http_connection: after it was closed it is opened anew") {
    std::atomic<bool> silent{false};
    std::atomic<int> read{0};
    const WebServer server{[&](WebClient& client) {
        while (client.read()) {
            ++read;
            if (silent) {
                break;
            }
            client.send(web_ok);
        }
        client.wait();
    }};
    Rig rig{url_of(server.port())};
    CHECK(rig.ask());
    rig.connection->close();
    CHECK(rig.ask());
    CHECK(rig.connection->opened() == 2);
    silent = true;
    // Over the kept one.
    check_given_up(rig.ask_and_close([&] { return read == 3; }), ReachStage::http);
    silent = false;
    CHECK(rig.ask());
    CHECK(rig.connection->opened() == 3);
}

TEST_CASE("http_connection: it may go while something is under way, before the loop or with it") {
    const WebServer silent{[](WebClient& client) { client.wait(); }};
    const FullServer full;
    for (const auto& url :
         {url_of(silent.port()), url_of(silent.port(), true), url_of(full.port())}) {
        Rig going{url};
        going.start({});
        going.loop.run_for(50ms);
        going.connection.reset();
        going.loop.run();
        CHECK_FALSE(*going.result);
        Rig gone{url};
        gone.start({});
        gone.loop.run_for(50ms);
    }
}

TEST_CASE("http_connection: a request that is cancelled leaves nothing behind") {
    std::atomic<bool> silent{true};
    std::atomic<int> read{0};
    const WebServer server{[&](WebClient& client) {
        while (client.read()) {
            ++read;
            if (!silent) {
                client.send(web_ok);
            }
        }
    }};
    Rig rig{url_of(server.port()), {.patience = 1h}};
    boost::asio::cancellation_signal signal;
    boost::asio::co_spawn(
        rig.loop,
        fill(*rig.connection, {}, rig.result),
        boost::asio::bind_cancellation_slot(signal.slot(), [](const std::exception_ptr&) {}));
    rig.run_until([&] { return read == 1; });
    signal.emit(boost::asio::cancellation_type::terminal);
    const Stopwatch watch;
    rig.loop.run();
    CHECK(watch.passed() < 20s);
    silent = false;
    CHECK(rig.ask()->body == "ok");
    CHECK(rig.connection->opened() == 2);
}

TEST_CASE("http_connection: two requests at a time are a bug") {
    const WebServer server{answer_each(web_ok)};
    Rig rig{url_of(server.port())};
    rig.start({});
    std::optional<HttpResult> second;
    bool thrown = false;
    boost::asio::co_spawn(rig.loop,
                          fill(*rig.connection, {}, second),
                          [&](const std::exception_ptr& bug) { thrown = bug != nullptr; });
    rig.loop.run();
    CHECK(thrown);
    CHECK(*rig.result);
    CHECK(rig.ask());
}
