// Site: what the agent answers over HTTP, apart from how it is carried (server.h). Safe for
// concurrent use; blocks only as long as Sources::fresh does.

#pragma once

#include "exporter/access.h"
#include "exporter/agent_info.h"
#include "exporter/peer_limit.h"
#include "exporter/renderings.h"
#include "exporter/server.h"

#include <atomic>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

namespace paws::exporter {

struct Request {
    std::string_view method;
    std::string_view path;   // as sent, without its query
    std::string_view query;  // what came after the '?', as sent
    std::string_view accept;
    std::string_view accept_encoding;
    std::string_view host;  // as the client named this machine
    std::string_view authorization;
    std::string_view peer;  // the client's address
    Way way = Way::network;
    bool certified = false;  // Visitor::certified
    bool has_body = false;
};

// Nothing may be loaded, run or framed by what is not the status page.
inline constexpr std::string_view strictest_policy = "default-src 'none'; frame-ancestors 'none'";

struct Answer {
    int status = 200;
    std::string_view content_type = "text/plain; charset=utf-8";
    std::shared_ptr<const std::string> body;
    std::string headers;                         // more of them, each with its line end
    std::string_view policy = strictest_policy;  // for Content-Security-Policy
};

class Site {
public:
    Site(Options options, Sources sources, Locks locks = {});

    Answer answer(const Request& request);

private:
    std::optional<Answer> refused(const Request& request, Area area);
    std::optional<Answer> too_often(const Request& request);
    Answer without_token();
    Answer wrong_token(const Request& request);
    AgentInfo agent() const;
    Answer page_or_api(const Request& request);
    Answer metrics(const Request& request);
    Answer ready() const;
    Answer api(const Request& request) const;
    Answer facts(std::string_view name) const;
    Answer jobs(std::string_view wanted) const;
    Answer logs() const;

    Options options_;
    Sources sources_;
    Locks locks_;
    PeerLimit wrong_tokens_;
    PeerLimit costly_;
    std::atomic<std::uint64_t> refused_without_ = 0;
    std::atomic<std::uint64_t> refused_wrong_ = 0;
    std::atomic<std::uint64_t> refused_too_many_ = 0;
    std::atomic<std::uint64_t> refused_too_often_ = 0;
    Renderings renderings_;
};

// The answer as it goes over the wire. `head`: for HEAD, everything but the body.
enum class Send { head, all };
enum class After { keep, close };
std::string to_wire(const Answer& answer, Send send, After after);

}  // namespace paws::exporter
