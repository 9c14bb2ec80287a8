#include "tests/exporter/example_site.h"
#include "tests/exporter/gunzip.h"
#include "tests/support/paths.h"

#include <fstream>
#include <sstream>

#include <boost/json/parse.hpp>
#include <doctest/doctest.h>

using namespace paws;
using namespace paws::exporter;
using namespace paws::exporter::testing;

namespace {

std::string text_of(const std::string& relative) {
    std::ostringstream text;
    text << std::ifstream{tests::source_path(relative)}.rdbuf();
    return text.str();
}

}  // namespace

TEST_CASE("Site: metrics come in the form that was asked for") {
    auto site = example_site();
    const auto text = site.answer({.method = "GET", .path = "/metrics"});
    CHECK(text.status == 200);
    CHECK(text.content_type == "text/plain; version=0.0.4; charset=utf-8");
    CHECK(text.body->starts_with("# HELP paws_agent_build_info "));
    const auto packed = site.answer({.method = "GET",
                                     .path = "/metrics",
                                     .accept = "application/openmetrics-text;version=1.0.0",
                                     .accept_encoding = "gzip"});
    CHECK(packed.content_type == "application/openmetrics-text; version=1.0.0; charset=utf-8");
    CHECK(packed.headers.find("Content-Encoding: gzip\r\n") != std::string_view::npos);
    CHECK(gunzip(*packed.body).ends_with("# EOF\n"));
}

TEST_CASE("Site: alive at once, ready and full of facts after the first tick") {
    Site early{{}, sources_of(nullptr)};
    CHECK(local(early, "/-/healthy").status == 200);
    CHECK(local(early, "/-/ready").status == 503);
    CHECK(local(early, "/metrics").status == 503);
    CHECK(local(early, "/api/v1/status").status == 503);
    CHECK(local(early, "/").status == 200);
    auto site = example_site();
    CHECK(local(site, "/-/ready").status == 200);
}

TEST_CASE("Site: nothing takes a body") {
    auto site = example_site();
    for (const auto* path : {"/metrics", "/-/healthy", "/api/v1/status"}) {
        const auto answer =
            site.answer({.method = "GET", .path = path, .way = Way::loopback, .has_body = true});
        CHECK(answer.status == 413);
    }
}

TEST_CASE("Site: jobs are those that were asked for, with what runs") {
    auto site = example_site();
    const auto ask = [&](std::string_view query) {
        return site.answer(
            {.method = "GET", .path = "/api/v1/jobs", .query = query, .way = Way::loopback});
    };
    const auto all = boost::json::parse(*ask("").body);
    CHECK(all.at("version").as_int64() == 1);
    CHECK(all.at_pointer("/jobs/0/name").as_string() == "50");
    CHECK(all.at_pointer("/running/0/runner").as_string() == "acme-widgets.build-01");
    CHECK(all.at_pointer("/running/0/usage/cpu_seconds").as_double() == 12.5);
    const auto some =
        boost::json::parse(*ask("runner=build%2D01&result=failed&since=1h&limit=7").body);
    CHECK(some.at_pointer("/jobs/0/runner").as_string() == "acme-widgets.build-01");
    CHECK(some.at_pointer("/jobs/0/name").as_string() == "7");
    CHECK(some.at_pointer("/jobs/0/result").as_string() == "failed");
    CHECK(some.at_pointer("/jobs/0/finished").as_string() == "2025-11-23T13:00:00.000Z");
    CHECK(some.at("running").as_array().empty());  // what runs has no result
    for (const auto* wrong : {"result=splendid",
                              "limit=0",
                              "limit=1001",
                              "since=yesterday",
                              "colour=red",
                              "runner=a&runner=b",
                              "runner=%4",
                              "runner=%zz"}) {
        CAPTURE(wrong);
        CHECK(ask(wrong).status == 400);
    }
    const auto busy = ask("limit=13");
    CHECK(busy.status == 503);
    CHECK(busy.headers == "Retry-After: 1\r\n");
}

TEST_CASE("Site: the status is the JSON document") {
    auto site = example_site();
    const auto answer = local(site, "/api/v1/status");
    CHECK(answer.content_type == "application/json");
    CHECK(boost::json::parse(*answer.body).at_pointer("/runners/0/state").as_string() == "busy");
}

TEST_CASE("Site: other pages are not found and other methods not allowed") {
    auto site = example_site();
    for (const auto* path : {"", "/metrics/", "/METRICS", "/%6detrics", "/..", "/-/", "*"}) {
        CAPTURE(path);
        CHECK(local(site, path).status == 404);
    }
    for (const auto* method : {"POST", "PUT", "DELETE", "OPTIONS", "TRACE", "get", ""}) {
        CAPTURE(method);
        const auto answer =
            site.answer({.method = method, .path = "/metrics", .way = Way::loopback});
        CHECK(answer.status == 405);
        CHECK(answer.headers == "Allow: GET, HEAD\r\n");
    }
}

TEST_CASE("Site: runners as a list and each by its name") {
    auto site = example_site();
    const auto list = boost::json::parse(*local(site, "/api/v1/runners").body);
    CHECK(list.at("version") == 1);
    CHECK(list.at_pointer("/runners/0/name") == "acme-widgets.build-01");
    CHECK(list.at_pointer("/runners/0/jobs/0/result") == "succeeded");
    for (const auto* name : {"acme-widgets.build-01", "acme%2Dwidgets%2ebuild-01", "build-01"}) {
        CAPTURE(name);
        const auto answer = local(site, std::string{"/api/v1/runners/"} + name);
        REQUIRE(answer.status == 200);
        CHECK(boost::json::parse(*answer.body).at_pointer("/unit_state/restarts") == 3);
    }
    for (const auto* name : {"", "nobody", "%", "%zz", "build-01/", "build-01%00", "<b>%0a"}) {
        CAPTURE(name);
        const auto answer = local(site, std::string{"/api/v1/runners/"} + name);
        CHECK(answer.status == 404);
        CHECK(answer.content_type == "text/plain; charset=utf-8");
        CHECK(answer.body->find('\n') == answer.body->size() - 1);
    }
}

TEST_CASE("Site: the page is three files, each with its type, small and free of others' text") {
    auto site = example_site();
    std::size_t size = 0;
    struct File {
        std::string_view path;
        std::string_view type;
        std::string text;
    };
    std::string script;
    for (const auto* part : {"draw", "words", "plots", "runners", "host", "agent", "status"}) {
        script += text_of("exporter/page/" + std::string{part} + ".js") + "\n";
    }
    const auto html = text_of("exporter/page/status.html");
    const auto css = text_of("exporter/page/status.css");
    for (const auto& file : {File{"/", "text/html; charset=utf-8", html},
                             File{"/status.css", "text/css; charset=utf-8", css},
                             File{"/status.js", "text/javascript; charset=utf-8", script}}) {
        CAPTURE(file.path);
        const auto answer = local(site, file.path);
        CHECK(answer.status == 200);
        CHECK(answer.content_type == file.type);
        CHECK(*answer.body == file.text);
        CHECK(answer.body->find("ci01") == std::string::npos);
        size += answer.body->size();
    }
    CHECK(size < 40'000);
}

TEST_CASE("Site: the page may load its own files and run no text") {
    auto site = example_site();
    const auto policy = local(site, "/").policy;
    CHECK(
        policy.starts_with("default-src 'none'; script-src 'self'; style-src 'self'; "
                           "connect-src 'self'; img-src 'self' data:; "));
    CHECK(policy.find("frame-ancestors 'none'") != std::string_view::npos);
    CHECK(policy.find("require-trusted-types-for 'script'") != std::string_view::npos);
    CHECK(policy.find("unsafe") == std::string_view::npos);
    for (const auto* path : {"/metrics", "/api/v1/status", "/nowhere"}) {
        CHECK(local(site, path).policy == strictest_policy);
    }
    const auto page = *local(site, "/").body;
    for (const auto* risk : {"onload=", "style=", "<style", "http://", "https://", "//cdn"}) {
        CAPTURE(risk);
        const auto found = page.find(risk);
        CHECK((found == std::string::npos || page.substr(found).starts_with("http://www.w3.org/")));
    }
}

TEST_CASE("Site: page and API are compressed for those who ask") {
    auto site = example_site();
    for (const auto* path : {"/", "/status.js", "/api/v1/status"}) {
        CAPTURE(path);
        const auto plain = local(site, path);
        CHECK(plain.headers == "Vary: Accept-Encoding\r\n");
        const auto packed = site.answer(
            {.method = "GET", .path = path, .accept_encoding = "gzip, br", .way = Way::loopback});
        CHECK(packed.headers == "Vary: Accept-Encoding\r\nContent-Encoding: gzip\r\n");
        CHECK(packed.content_type == plain.content_type);
        CHECK(packed.policy == plain.policy);
        CHECK(gunzip(*packed.body) == *plain.body);
    }
}

TEST_CASE("Site: what became of the logs is the JSON document, once there are facts") {
    auto site = example_site();
    const auto logs = local(site, "/api/v1/logs");
    CHECK(logs.content_type == "application/json");
    CHECK(boost::json::parse(*logs.body).at("state") == "retrying");
    Site early{{}, sources_of(nullptr)};
    CHECK(local(early, "/api/v1/logs").status == 503);
}

TEST_CASE("Site: the history is the JSON document, also before there is one") {
    auto site = example_site();
    const auto answer = local(site, "/api/v1/history");
    CHECK(answer.content_type == "application/json");
    CHECK(boost::json::parse(*answer.body).at("newest_age_seconds").is_null());
}

TEST_CASE("to_wire: a complete message, for HEAD without its body") {
    const Answer answer{.status = 503,
                        .body = std::make_shared<const std::string>("later\n"),
                        .headers = "Retry-After: 1\r\n"};
    const auto all = to_wire(answer, Send::all, After::keep);
    CHECK(all.starts_with("HTTP/1.1 503 Service Unavailable\r\nContent-Type: text/plain"));
    CHECK(all.find("\r\nContent-Length: 6\r\nConnection: keep-alive\r\nRetry-After: 1\r\n") !=
          std::string::npos);
    CHECK(all.find("\r\nX-Content-Type-Options: nosniff\r\n") != std::string::npos);
    CHECK(all.find("\r\nCache-Control: no-store\r\n") != std::string::npos);
    CHECK(all.find("\r\nReferrer-Policy: no-referrer\r\n") != std::string::npos);
    CHECK(all.find("\r\nContent-Security-Policy: default-src 'none'; frame-ancestors 'none'\r\n") !=
          std::string::npos);
    CHECK(all.ends_with("\r\n\r\nlater\n"));
    const auto head = to_wire(answer, Send::head, After::close);
    CHECK(head.find("\r\nContent-Length: 6\r\nConnection: close\r\n") != std::string::npos);
    CHECK(head.ends_with("\r\n\r\n"));
}
