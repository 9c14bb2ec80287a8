#include "tests/exporter/example_site.h"

#include <doctest/doctest.h>

using namespace paws;
using namespace paws::exporter;
using namespace paws::exporter::testing;

TEST_CASE("Site: the page and the API answer this machine alone, and say why") {
    auto site = example_site();
    for (const auto* path : {"/",
                             "/status.js",
                             "/api/v1/status",
                             "/api/v1/jobs",
                             "/api/v1/runners",
                             "/api/v1/runners/acme-widgets.build-01",
                             "/api/v1/history",
                             "/api/v1/logs"}) {
        CAPTURE(path);
        const auto refused = site.answer({.method = "GET", .path = path});
        CHECK(refused.status == 403);
        CHECK(refused.body->find("loopback") != std::string::npos);
        CHECK(refused.body->find("acme") == std::string::npos);
        CHECK(local(site, path).status == 200);
    }
    CHECK(site.answer({.method = "GET", .path = "/metrics"}).status == 200);
    CHECK(site.answer({.method = "GET", .path = "/-/healthy"}).status == 200);
}

TEST_CASE("Site: a foreign name that leads here is refused what stays on this machine") {
    auto site = example_site();
    const auto status = [&](const char* path, std::string_view host) {
        return site.answer({.method = "GET", .path = path, .host = host, .way = Way::loopback})
            .status;
    };
    for (const auto* host : {"",
                             "localhost",
                             "LOCALHOST:7297",
                             "127.0.0.1:7297",
                             "[::1]:7297",
                             "[::1]",
                             "10.1.2.3:7297"}) {
        CHECK_MESSAGE(status("/api/v1/status", host) == 200, host);
    }
    for (const auto* host : {"evil.example",
                             "evil.example:7297",
                             "localhost.evil.example",
                             "127.0.0.1.evil.example",
                             "[evil]:7297",
                             "[",
                             "127.0.0.1 evil"}) {
        CHECK_MESSAGE(status("/api/v1/status", host) == 403, host);
        CHECK_MESSAGE(status("/", host) == 403, host);
        CHECK_MESSAGE(status("/metrics", host) == 200, host);
    }
}

TEST_CASE("Site: with a token everything but /-/healthy needs it, from this machine too") {
    auto site = locked_site({.token = true});
    for (const auto* path :
         {"/", "/metrics", "/-/ready", "/api/v1/status", "/status.js", "/nowhere"}) {
        for (const auto way : {Way::network, Way::loopback}) {
            CAPTURE(path);
            const auto ask = [&](std::string_view authorization) {
                return site.answer({.method = "GET",
                                    .path = path,
                                    .host = "ci01.example:7297",
                                    .authorization = authorization,
                                    .way = way});
            };
            const auto refused = ask("");
            CHECK(refused.status == 401);
            CHECK(refused.headers == "WWW-Authenticate: Bearer\r\n");
            CHECK(ask("Basic dXNlcjpwYXNz").status == 401);
            CHECK(ask("Bearer 0123456789abcdef").status ==
                  (path == std::string_view{"/nowhere"} ? 404 : 200));
        }
        CHECK(site.answer({.method = "GET", .path = path, .way = Way::unix_socket}).status != 401);
    }
    CHECK(site.answer({.method = "GET", .path = "/-/healthy"}).status == 200);
    CHECK(site.answer({.method = "POST", .path = "/metrics"}).status == 401);
    CHECK(site.answer({.method = "POST", .path = "/-/healthy"}).status == 405);
}

TEST_CASE("Site: the tokens are not looked at for what needs none") {
    int looks = 0;
    auto sources = sources_of(std::make_shared<const Snapshot>(example_snapshot()));
    sources.tokens = [&] {
        ++looks;
        return std::make_shared<const Tokens>(Tokens::parse("0123456789abcdef").value());
    };
    Site site{{}, std::move(sources), {.token = true}};
    const auto ask = [&](std::string_view path, Way way) {
        return site
            .answer({.method = "GET",
                     .path = path,
                     .authorization = "Bearer 0123456789abcdef",
                     .way = way})
            .status;
    };
    CHECK(ask("/-/healthy", Way::network) == 200);
    CHECK(ask("/metrics", Way::unix_socket) == 200);
    CHECK(looks == 0);
    CHECK(ask("/metrics", Way::network) == 200);
    CHECK(looks == 1);
}

TEST_CASE("Site: too many wrong tokens are told to wait, a right one is let in at any time") {
    auto site = locked_site({.token = true});
    const auto ask = [&](std::string_view authorization, std::string_view peer) {
        return site.answer(
            {.method = "GET", .path = "/metrics", .authorization = authorization, .peer = peer});
    };
    for (int time = 0; time < 10; ++time) {
        const auto refused = ask("Bearer wrong-wrong-wrong", "192.0.2.1");
        CHECK(refused.status == 401);
        CHECK(refused.body->find("wrong-wrong") == std::string::npos);
    }
    const auto slowed = ask("Bearer wrong-wrong-wrong", "192.0.2.1");
    CHECK(slowed.status == 429);
    CHECK(slowed.headers == "Retry-After: 60\r\n");
    CHECK(ask("", "192.0.2.1").status == 401);
    CHECK(ask("Bearer wrong-wrong-wrong", "192.0.2.2").status == 401);
    const auto let_in = ask("Bearer 0123456789abcdef", "192.0.2.1");
    CHECK(let_in.status == 200);
    for (const auto* told : {"{reason=\"no_token\"} 1\n",
                             "{reason=\"wrong_token\"} 11\n",
                             "{reason=\"too_many\"} 1\n"}) {
        const auto line = "\npaws_agent_web_refused_total" + std::string{told};
        CHECK_MESSAGE(let_in.body->find(line) != std::string::npos, told);
    }
}

TEST_CASE("Site: who asks for the page or the API too often waits, /metrics answers on") {
    auto site = locked_site({});
    const auto ask = [&](std::string_view path, std::string_view peer) {
        return site.answer({.method = "GET", .path = path, .peer = peer, .way = Way::loopback});
    };
    for (int time = 0; time < 1'500; ++time) {
        REQUIRE(ask("/status.css", "127.0.0.1").status == 200);
        REQUIRE(ask("/api/v1/nothing", "127.0.0.1").status == 404);
    }
    const auto held = ask("/", "127.0.0.1");
    CHECK(held.status == 429);
    CHECK(held.headers == "Retry-After: 60\r\n");
    CHECK(ask("/api/v1/status", "127.0.0.1").status == 429);
    CHECK(ask("/api/v1/status", "::1").status == 200);
    CHECK(ask("/-/healthy", "127.0.0.1").status == 200);
    const auto metrics = ask("/metrics", "127.0.0.1");
    CHECK(metrics.status == 200);
    CHECK(metrics.body->find("\npaws_agent_web_refused_total{reason=\"too_often\"} 2\n") !=
          std::string::npos);
}

TEST_CASE("Site: with a client CA its certificate opens everything, from anywhere") {
    auto site = locked_site({.certificate = true});
    for (const auto* path : {"/", "/metrics", "/-/ready", "/api/v1/status"}) {
        CAPTURE(path);
        CHECK(
            site.answer({.method = "GET", .path = path, .host = "ci01.example", .certified = true})
                .status == 200);
        CHECK(site.answer({.method = "GET", .path = path, .way = Way::loopback}).status == 403);
    }
    CHECK(site.answer({.method = "GET", .path = "/-/healthy"}).status == 200);
}
