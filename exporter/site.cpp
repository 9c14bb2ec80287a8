#include "exporter/site.h"

#include "exporter/families.h"
#include "exporter/job_query.h"
#include "exporter/jobs_json.h"
#include "exporter/landing_page.h"
#include "exporter/negotiate.h"
#include "exporter/status_json.h"
#include "exporter/view.h"

#include <boost/json/serialize.hpp>

namespace paws::exporter {

namespace {

Answer plain(int status, std::string text, std::string_view headers = {}) {
    return {.status = status,
            .body = std::make_shared<const std::string>(std::move(text)),
            .headers = headers};
}

Answer no_facts_yet() {
    return plain(503,
                 "The first round of collecting is not finished yet; try again in a second.\n",
                 "Retry-After: 1\r\n");
}

// Until there are tokens and certificates, what tells of jobs and paths stays on this machine.
Answer only_local() {
    return plain(403,
                 "This page answers only this machine (loopback or a unix socket), because neither "
                 "a token nor a client CA is configured. /metrics answers everybody; for the rest "
                 "run `pawsctl status` on the host.\n");
}

std::string_view reason_phrase(int status) {
    switch (status) {
        case 200:
            return "OK";
        case 400:
            return "Bad Request";
        case 403:
            return "Forbidden";
        case 404:
            return "Not Found";
        case 405:
            return "Method Not Allowed";
        case 413:
            return "Content Too Large";
        case 503:
            return "Service Unavailable";
        default:
            return status < 500 ? "Error" : "Internal Server Error";
    }
}

}  // namespace

Site::Site(Options options, Sources sources) : options_{options}, sources_{std::move(sources)} {}

Answer Site::answer(const Request& request) {
    if (request.method != "GET" && request.method != "HEAD") {
        return plain(405, "Only GET and HEAD are served here.\n", "Allow: GET, HEAD\r\n");
    }
    if (request.path == "/metrics") {
        return metrics(request);
    }
    if (request.path == "/-/healthy") {
        return plain(200, "alive\n");
    }
    if (request.path == "/-/ready") {
        return ready();
    }
    if (request.path == "/") {
        return page(request);
    }
    if (request.path == "/api/v1/status") {
        return status(request);
    }
    if (request.path == "/api/v1/jobs") {
        return jobs(request);
    }
    return plain(404,
                 "No such page. There are /, /metrics, /-/healthy, /-/ready, /api/v1/status, "
                 "/api/v1/jobs.\n");
}

Answer Site::metrics(const Request& request) {
    const auto snapshot = sources_.fresh();
    if (!snapshot) {
        return no_facts_yet();
    }
    const auto [format, content_type] = negotiate(request.accept);
    const auto encoding =
        accepts_gzip(request.accept_encoding) ? Encoding::gzip : Encoding::identity;
    const Renderings::Moment moment{.sequence = snapshot->sequence,
                                    .outdated = outdated(*snapshot, sources_.now())};
    return {.content_type = content_type,
            .body = renderings_.of(
                moment,
                format,
                encoding,
                [&](Format wanted) {
                    return expose(to_families(*snapshot, sources_.agent(), options_), wanted);
                }),
            .headers = encoding == Encoding::gzip
                           ? "Vary: Accept, Accept-Encoding\r\nContent-Encoding: gzip\r\n"
                           : "Vary: Accept, Accept-Encoding\r\n"};
}

Answer Site::ready() const {
    const auto latest = sources_.latest();
    return latest && is_settled(*latest) ? plain(200, "ready\n") : no_facts_yet();
}

Answer Site::page(const Request& request) const {
    if (!request.local) {
        return only_local();
    }
    return {.content_type = "text/html; charset=utf-8",
            .body = std::make_shared<const std::string>(landing_page(sources_.agent()))};
}

Answer Site::status(const Request& request) const {
    if (!request.local) {
        return only_local();
    }
    const auto snapshot = sources_.fresh();
    if (!snapshot) {
        return no_facts_yet();
    }
    const auto document = status_json(*snapshot, sources_.agent());
    return {.content_type = "application/json",
            .body = std::make_shared<const std::string>(boost::json::serialize(document) + "\n")};
}

Answer Site::jobs(const Request& request) const {
    if (!request.local) {
        return only_local();
    }
    const auto snapshot = sources_.fresh();
    if (!snapshot) {
        return no_facts_yet();
    }
    const auto agent = sources_.agent();
    const auto words = parse_url_query(request.query);
    auto query = words ? parse_job_query(*words, agent.now.wall) : Result<JobQuery>{words.error()};
    if (!query) {
        return plain(400, query.error().what + "\n");
    }
    if (query->runner) {
        query->runner = runner_name(*snapshot, agent, *query->runner);
    }
    const auto found = sources_.jobs(*query);
    if (!found) {
        return plain(503, found.error().what + "\n", "Retry-After: 1\r\n");
    }
    const auto document = jobs_json(*snapshot, agent, *query, *found);
    return {.content_type = "application/json",
            .body = std::make_shared<const std::string>(boost::json::serialize(document) + "\n")};
}

std::string to_wire(const Answer& answer, Send send, After after) {
    const std::string_view body = answer.body ? std::string_view{*answer.body} : "";
    std::string wire;
    wire.reserve(512 + body.size());
    wire += "HTTP/1.1 ";
    wire += std::to_string(answer.status);
    wire += ' ';
    wire += reason_phrase(answer.status);
    wire += "\r\nContent-Type: ";
    wire += answer.content_type;
    wire += "\r\nContent-Length: ";
    wire += std::to_string(body.size());
    wire += after == After::keep ? "\r\nConnection: keep-alive\r\n" : "\r\nConnection: close\r\n";
    wire += answer.headers;
    wire +=
        "X-Content-Type-Options: nosniff\r\n"
        "Cache-Control: no-store\r\n"
        "Content-Security-Policy: default-src 'none'; frame-ancestors 'none'\r\n"
        "Referrer-Policy: no-referrer\r\n\r\n";
    if (send == Send::all) {
        wire += body;
    }
    return wire;
}

}  // namespace paws::exporter
