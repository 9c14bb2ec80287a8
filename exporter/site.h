// Site: what the agent answers over HTTP, apart from how it is carried (server.h). Safe for
// concurrent use; blocks only as long as Sources::fresh does.

#pragma once

#include "exporter/agent_info.h"
#include "exporter/renderings.h"
#include "exporter/server.h"

#include <memory>
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
    bool local = false;     // from this machine: loopback or a unix socket
};

// Nothing may be loaded, run or framed by what is not the status page.
inline constexpr std::string_view strictest_policy = "default-src 'none'; frame-ancestors 'none'";

struct Answer {
    int status = 200;
    std::string_view content_type = "text/plain; charset=utf-8";
    std::shared_ptr<const std::string> body;
    std::string_view headers;                    // more of them, each with its line end
    std::string_view policy = strictest_policy;  // for Content-Security-Policy
};

class Site {
public:
    Site(Options options, Sources sources);

    Answer answer(const Request& request);

private:
    Answer metrics(const Request& request);
    Answer ready() const;
    Answer api(const Request& request) const;
    Answer facts(std::string_view name) const;
    Answer jobs(std::string_view wanted) const;

    Options options_;
    Sources sources_;
    Renderings renderings_;
};

// The answer as it goes over the wire. `head`: for HEAD, everything but the body.
enum class Send { head, all };
enum class After { keep, close };
std::string to_wire(const Answer& answer, Send send, After after);

}  // namespace paws::exporter
