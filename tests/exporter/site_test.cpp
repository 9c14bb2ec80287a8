#include "exporter/site.h"

#include "tests/exporter/example.h"
#include "tests/exporter/gunzip.h"

#include <boost/json/parse.hpp>
#include <doctest/doctest.h>

using namespace paws;
using namespace paws::exporter;
using namespace paws::exporter::testing;

namespace {

// Answers with a job whose name says what was asked.
Result<std::vector<RunnerJob>> example_jobs(const JobQuery& query) {
    if (query.limit == 13) {
        return Error{Errc::timeout, "the database does not answer; ask again"};
    }
    RunnerJob ended{.runner = query.runner.value_or("any"), .record = {}};
    ended.record.job.name = std::to_string(query.limit);
    ended.record.job.finished = query.since;
    ended.record.job.result = query.result;
    return std::vector{ended};
}

Sources sources_of(const std::shared_ptr<const Snapshot>& snapshot) {
    return {.latest = [=] { return snapshot; },
            .fresh = [=] { return snapshot; },
            .agent = example_agent,
            .jobs = example_jobs,
            .now = [] { return noon; }};
}

Site example_site() {
    return Site{{}, sources_of(std::make_shared<const Snapshot>(example_snapshot()))};
}

Answer local(Site& site, std::string_view path) {
    return site.answer({.method = "GET", .path = path, .local = true});
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

TEST_CASE("Site: the page and the API answer this machine alone, and say why") {
    auto site = example_site();
    for (const auto* path : {"/", "/api/v1/status", "/api/v1/jobs"}) {
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

TEST_CASE("Site: jobs are those that were asked for, with what runs") {
    auto site = example_site();
    const auto ask = [&](std::string_view query) {
        return site.answer(
            {.method = "GET", .path = "/api/v1/jobs", .query = query, .local = true});
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
        const auto answer = site.answer({.method = method, .path = "/metrics", .local = true});
        CHECK(answer.status == 405);
        CHECK(answer.headers == "Allow: GET, HEAD\r\n");
    }
}

TEST_CASE("Site: the page shows what others wrote as text") {
    auto agent = example_agent();
    agent.hostname = "<script>alert(1)</script>&\"";
    auto sources = sources_of(nullptr);
    sources.agent = [=] { return agent; };
    Site site{{}, sources};
    const auto page = *local(site, "/").body;
    CHECK(page.find("<script>") == std::string::npos);
    CHECK(page.find("&lt;script&gt;alert(1)&lt;/script&gt;&amp;&quot;") != std::string::npos);
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
    CHECK(all.find("\r\nContent-Security-Policy: default-src 'none'") != std::string::npos);
    CHECK(all.ends_with("\r\n\r\nlater\n"));
    const auto head = to_wire(answer, Send::head, After::close);
    CHECK(head.find("\r\nContent-Length: 6\r\nConnection: close\r\n") != std::string::npos);
    CHECK(head.ends_with("\r\n\r\n"));
}
