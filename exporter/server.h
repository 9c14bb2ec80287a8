// Server: the agent's HTTP door, with threads of its own. It reads what was published through the
// functions it is given, from any of its threads and at any time until it is destroyed.

#pragma once

#include "core/result.h"
#include "core/snapshot.h"
#include "exporter/access.h"
#include "exporter/agent_info.h"
#include "exporter/handshake_refusal.h"
#include "exporter/history.h"
#include "exporter/tls_door.h"
#include "exporter/tokens.h"

#include <functional>
#include <memory>
#include <string>
#include <vector>

namespace paws::exporter {

// The server's only way to the rest of the agent; each must be safe to call from any thread.
struct Sources {
    std::function<std::shared_ptr<const Snapshot>()> latest;  // null before the first tick
    std::function<std::shared_ptr<const Snapshot>()> fresh;   // may wait for a tick, at most 250 ms
    std::function<AgentInfo()> agent;                         // once for each rendering
    // The ended jobs of the store; may wait for it, at most two seconds.
    std::function<Result<std::vector<RunnerJob>>(const JobQuery&)> jobs;
    std::function<Now()> now;
    std::function<PastHour()> past_hour;
    // As they are in force now, never null; asked for only where ServerOptions say so.
    std::function<TlsContext()> identity;
    std::function<void(const HandshakeRefusal&)> handshake_refused;  // with TLS
    std::function<std::shared_ptr<const Tokens>()> tokens;
};

struct ServerOptions {
    // ":7297" (all addresses of both families), "a.b.c.d:p", "[v6]:p", "unix:/path"
    std::vector<std::string> listen{":7297"};
    Options metrics;
    bool tls = false;  // on every address but unix sockets
    Locks locks;       // a certificate is demanded only with TLS
};

class Server {
public:
    // Serves from now on. An address that is taken or wrong is an Error that says how to go on.
    static Result<Server> start(const ServerOptions& options, Sources sources);

    Server(Server&&) noexcept;
    Server& operator=(Server&&) noexcept;
    Server(const Server&) = delete;
    Server& operator=(const Server&) = delete;
    ~Server();  // ends the answers under way and joins the threads

    // What it listens on, with the port that was given for port 0: "0.0.0.0:7297", "[::]:7297", ...
    const std::vector<std::string>& addresses() const;

private:
    class Running;
    explicit Server(std::unique_ptr<Running> running);
    std::unique_ptr<Running> running_;
};

}  // namespace paws::exporter
