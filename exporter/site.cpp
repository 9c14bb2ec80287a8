#include "exporter/site.h"

#include "core/text.h"
#include "exporter/families.h"
#include "exporter/gzip.h"
#include "exporter/history_json.h"
#include "exporter/job_query.h"
#include "exporter/jobs_json.h"
#include "exporter/logs_json.h"
#include "exporter/negotiate.h"
#include "exporter/page.h"
#include "exporter/status_json.h"
#include "exporter/view.h"

#include <array>
#include <string>

#include <arpa/inet.h>
#include <boost/json/serialize.hpp>
#include <netinet/in.h>

namespace paws::exporter {

namespace {

// It holds nobody back: who is set up wrongly sees how long to wait, a flood can be counted apart,
// and the right token is taken at any time. Against guessing the length of the tokens stands
// (tokens.h).
constexpr std::size_t most_wrong_tokens = 10;
// Fifty a second. The page asks for less than two, and each answer is made anew. /metrics is made
// once a tick, and who scrapes over loopback is not held back for what a job does there.
constexpr std::size_t most_costly = 3'000;

Answer plain(int status, std::string text, std::string headers = {}) {
    return {.status = status,
            .body = std::make_shared<const std::string>(std::move(text)),
            .headers = std::move(headers)};
}

Answer no_facts_yet() {
    return plain(503,
                 "The first round of collecting is not finished yet; try again in a second.\n",
                 "Retry-After: 1\r\n");
}

Answer only_local() {
    return plain(403,
                 "This page answers only this machine (loopback or a unix socket), because neither "
                 "a token nor a client CA is configured. /metrics answers everybody; for the rest "
                 "run `pawsctl status` on the host.\n");
}

Answer only_by_address(std::string_view host) {
    return plain(403,
                 "This page answers to an address or to localhost, not to '" + printable(host) +
                     "': a foreign page could lead a browser here by a name of its own.\n");
}

bool is_address(std::string_view text) {
    const std::string address{text};
    std::array<unsigned char, sizeof(in6_addr)> bytes{};
    return ::inet_pton(AF_INET, address.c_str(), bytes.data()) == 1 ||
           ::inet_pton(AF_INET6, address.c_str(), bytes.data()) == 1;
}

// A browser on this machine would ask for what a foreign page points at it by a name of its own
// (DNS rebinding): nobody else's name leads to these pages. Absent: HTTP/1.0, no browser.
bool names_this_machine(std::string_view host) {
    if (host.starts_with('[')) {
        return is_address(host.substr(1, host.find(']') - 1));
    }
    const auto name = host.substr(0, host.find(':'));
    return name.empty() || lower_case(name) == "localhost" || is_address(name);
}

Answer only_certified() {
    return plain(403, "Only clients with a certificate of [web] client_ca are served here.\n");
}

Answer needs_token(std::string_view what) {
    return plain(401,
                 std::string{what} +
                     " Send 'Authorization: Bearer TOKEN' with one of [web] token_file; "
                     "/-/healthy needs none.\n",
                 "WWW-Authenticate: Bearer\r\n");
}

std::string retry_after(std::chrono::seconds wait) {
    return "Retry-After: " + std::to_string(wait.count()) + "\r\n";
}

Answer too_many(std::chrono::seconds wait) {
    return plain(429,
                 "Too many wrong tokens from this address. A right one is let in at any time.\n",
                 retry_after(wait));
}

Answer wait_for_next_minute(std::chrono::seconds wait) {
    return plain(429,
                 "This address has asked " + std::to_string(most_costly) +
                     " times in a minute. /metrics answers at any time, and pawsctl on the host.\n",
                 retry_after(wait));
}

Answer not_found() {
    return plain(
        404,
        "No such page. There are /, /metrics, /-/healthy, /-/ready, /api/v1/status, "
        "/api/v1/jobs, /api/v1/runners, /api/v1/runners/NAME, /api/v1/history, /api/v1/logs.\n");
}

Answer json_answer(const boost::json::object& document) {
    return {.content_type = "application/json",
            .body = std::make_shared<const std::string>(boost::json::serialize(document) + "\n")};
}

// The page's own files are all that it may load, and text can become nothing but text.
Answer page(const PageFile& file) {
    return {.content_type = file.content_type,
            .body = std::make_shared<const std::string>(file.text),
            .policy =
                "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; "
                "img-src 'self' data:; base-uri 'none'; form-action 'none'; "
                "frame-ancestors 'none'; require-trusted-types-for 'script'; trusted-types 'none'"};
}

// Answers for people are few: a compressor that is gone again costs less than one that stays.
Answer packed(Answer answer, std::string_view accept_encoding) {
    static constexpr std::size_t worth_it = 1000;
    answer.headers = "Vary: Accept-Encoding\r\n";
    if (answer.body->size() >= worth_it && accepts_gzip(accept_encoding)) {
        answer.body = std::make_shared<const std::string>(Gzip{}.compress(*answer.body));
        answer.headers = "Vary: Accept-Encoding\r\nContent-Encoding: gzip\r\n";
    }
    return answer;
}

// RFC 3986, section 2.1; what is no escape stays as it is.
std::string percent_decoded(std::string_view text) {
    std::string plain_text;
    while (!text.empty()) {
        const auto byte = text.size() > 2 && text[0] == '%'
                              ? parse_integer<std::uint8_t>(text.substr(1, 2), 16)
                              : std::nullopt;
        plain_text += byte ? static_cast<char>(*byte) : text[0];
        text.remove_prefix(byte ? 3 : 1);
    }
    return plain_text;
}

constexpr std::string_view api_root = "/api/v1/";

Area area_of(std::string_view path) {
    if (path == "/-/healthy") {
        return Area::alive;
    }
    if (path == "/metrics" || path == "/-/ready") {
        return Area::watch;
    }
    const bool inner = page_file(path) != nullptr || path.starts_with(api_root);
    return inner ? Area::inner : Area::nowhere;
}

std::string_view reason_phrase(int status) {
    switch (status) {
        case 200:
            return "OK";
        case 400:
            return "Bad Request";
        case 401:
            return "Unauthorized";
        case 403:
            return "Forbidden";
        case 404:
            return "Not Found";
        case 405:
            return "Method Not Allowed";
        case 413:
            return "Content Too Large";
        case 429:
            return "Too Many Requests";
        case 503:
            return "Service Unavailable";
        default:
            return status < 500 ? "Error" : "Internal Server Error";
    }
}

}  // namespace

Site::Site(Options options, Sources sources, Locks locks)
    : options_{options},
      sources_{std::move(sources)},
      locks_{locks},
      wrong_tokens_{most_wrong_tokens},
      costly_{most_costly} {}

Answer Site::answer(const Request& request) {
    const auto area = area_of(request.path);
    if (auto refusal = refused(request, area)) {
        return *std::move(refusal);
    }
    if (auto refusal = area == Area::inner ? too_often(request) : std::nullopt) {
        return *std::move(refusal);
    }
    if (request.method != "GET" && request.method != "HEAD") {
        return plain(405, "Only GET and HEAD are served here.\n", "Allow: GET, HEAD\r\n");
    }
    if (request.has_body) {
        return plain(413, "Nothing here takes a body.\n");
    }
    switch (area) {
        case Area::alive:
            return plain(200, "alive\n");
        case Area::watch:
            return request.path == "/metrics" ? metrics(request) : ready();
        case Area::inner:
            return page_or_api(request);
        case Area::nowhere:
            break;
    }
    return not_found();
}

std::optional<Answer> Site::refused(const Request& request, Area area) {
    // Where no token is needed the file that holds them is not looked at: it may not answer.
    const bool matters = locks_.token && area != Area::alive && request.way != Way::unix_socket;
    const auto token = matters ? bearer_token(request.authorization) : std::nullopt;
    const Visitor visitor{.way = request.way,
                          .certified = request.certified,
                          .right_token = token && sources_.tokens()->hold(*token),
                          .by_foreign_name = !names_this_machine(request.host)};
    switch (entry(locks_, visitor, area)) {
        case Entry::granted:
            return std::nullopt;
        case Entry::needs_certificate:
            return only_certified();
        case Entry::needs_token:
            return token ? wrong_token(request) : without_token();
        case Entry::only_local:
            return only_local();
        case Entry::foreign_name:
            return only_by_address(request.host);
    }
    return only_local();
}

Answer Site::without_token() {
    ++refused_without_;
    return needs_token("This needs a token.");
}

Answer Site::wrong_token(const Request& request) {
    if (const auto wait = wrong_tokens_.add(request.peer, sources_.now().boot)) {
        ++refused_too_many_;
        return too_many(*wait);
    }
    ++refused_wrong_;
    return needs_token("This is none of the tokens.");
}

std::optional<Answer> Site::too_often(const Request& request) {
    const auto wait = costly_.add(request.peer, sources_.now().boot);
    refused_too_often_ += wait ? 1 : 0;
    return wait ? std::optional{wait_for_next_minute(*wait)} : std::nullopt;
}

AgentInfo Site::agent() const {
    auto info = sources_.agent();
    info.refusals = {.no_token = refused_without_,
                     .wrong_token = refused_wrong_,
                     .too_many = refused_too_many_,
                     .too_often = refused_too_often_};
    return info;
}

Answer Site::page_or_api(const Request& request) {
    const auto* file = page_file(request.path);
    auto found = file != nullptr ? page(*file) : api(request);
    return found.status == 200 ? packed(std::move(found), request.accept_encoding) : found;
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
            .body = renderings_.of(moment,
                                   format,
                                   encoding,
                                   [&](Format wanted) {
                                       return expose(to_families(*snapshot, agent(), options_),
                                                     wanted);
                                   }),
            .headers = encoding == Encoding::gzip
                           ? "Vary: Accept, Accept-Encoding\r\nContent-Encoding: gzip\r\n"
                           : "Vary: Accept, Accept-Encoding\r\n"};
}

Answer Site::ready() const {
    const auto latest = sources_.latest();
    return latest && is_settled(*latest) ? plain(200, "ready\n") : no_facts_yet();
}

Answer Site::api(const Request& request) const {
    const auto name = std::string_view{request.path}.substr(api_root.size());
    if (name == "jobs") {
        return jobs(request.query);
    }
    if (name == "history") {
        return json_answer(history_json(sources_.past_hour(), sources_.now()));
    }
    if (name == "logs") {
        return logs();
    }
    const bool known = name == "status" || name == "runners" || name.starts_with("runners/");
    return known ? facts(name) : not_found();
}

Answer Site::facts(std::string_view name) const {
    const auto snapshot = sources_.fresh();
    if (!snapshot) {
        return no_facts_yet();
    }
    const auto agent = sources_.agent();
    if (name == "status") {
        return json_answer(status_json(*snapshot, agent));
    }
    if (name == "runners") {
        return json_answer(runners_json(*snapshot, agent));
    }
    const auto runner = percent_decoded(name.substr(name.find('/') + 1));
    const auto document = runner_json(*snapshot, agent, runner);
    return document ? json_answer(*document)
                    : plain(404,
                            "There is no runner '" + printable(runner) +
                                "' here; /api/v1/runners lists those that are.\n");
}

Answer Site::logs() const {
    const auto snapshot = sources_.fresh();
    return snapshot ? json_answer(logs_json(*snapshot, sources_.agent())) : no_facts_yet();
}

Answer Site::jobs(std::string_view wanted) const {
    const auto snapshot = sources_.fresh();
    if (!snapshot) {
        return no_facts_yet();
    }
    const auto agent = sources_.agent();
    const auto words = parse_url_query(wanted);
    auto query = words ? parse_job_query(*words, agent.now.wall) : Result<JobQuery>{words.error()};
    if (!query) {
        return plain(400, query.error().what + "\n");
    }
    if (const auto* runner =
            query->runner ? runner_meant(snapshot->facts, *query->runner) : nullptr) {
        query->runner = runner->name;
    }
    const auto found = sources_.jobs(*query);
    if (!found) {
        return plain(503, found.error().what + "\n", "Retry-After: 1\r\n");
    }
    return json_answer(jobs_json(*snapshot, agent, *query, *found));
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
        "Referrer-Policy: no-referrer\r\n"
        "Content-Security-Policy: ";
    wire += answer.policy;
    wire += "\r\n\r\n";
    if (send == Send::all) {
        wire += body;
    }
    return wire;
}

}  // namespace paws::exporter
