// WebAccess: the files by which [web] is locked, as they are in force: certificate, key and
// authorities for TLS, and the tokens. Each question looks whether they have changed, and waits for
// that a moment at most. Safe for concurrent use.

#pragma once

#include "agent/config.h"
#include "agent/log.h"
#include "agent/probe.h"
#include "agent/renewed.h"
#include "exporter/agent_info.h"
#include "exporter/handshake_refusal.h"
#include "exporter/server.h"
#include "platform/tls_identity.h"

#include <array>
#include <chrono>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>

namespace paws::agent {

struct WebFault {
    std::string_view key;         // the setting that is to blame
    std::string what;             // begins with the file
    Errc code = Errc::malformed;  // timeout: it does not answer
};

// What makes these files useless, and still does after `patience`; for one that does not answer it
// waits 5 seconds more. Reads them.
std::optional<WebFault> fault_of_files(const WebSection& web, std::chrono::milliseconds patience);

class WebAccess {
public:
    // `log` outlives it.
    WebAccess(const WebSection& web, Clock clock, Log& log);

    Result<void> begin();

    // Null where they are not set.
    exporter::TlsContext identity();
    std::shared_ptr<const exporter::Tokens> tokens();

    // Counts it, and logs the first of a minute with the same fault.
    void note(const exporter::HandshakeRefusal& refusal);
    std::optional<exporter::HandshakeCounts> handshakes_refused();  // absent without TLS

    exporter::WebFiles describe();
    exporter::Locks locks() const { return locks_; }
    bool has_tls() const { return tls_.has_value(); }

private:
    void tell(const Result<std::shared_ptr<const platform::TlsIdentity>>& made);
    void tell(const Result<std::shared_ptr<const exporter::Tokens>>& made);
    void warn_of_end(const platform::TlsIdentity& identity);

    Clock clock_;
    Log& log_;
    exporter::Locks locks_;
    std::optional<Renewed<platform::TlsIdentity>> tls_;
    std::optional<Renewed<exporter::Tokens>> tokens_;

    std::mutex refusals_mutex_;
    exporter::HandshakeCounts refusals_{};
    std::array<std::optional<BootTime>, exporter::handshake_faults.size()> logged_;
};

// The first of these addresses at which tokens would cross a network in the clear. Pure.
std::optional<std::string> open_to_listeners(const WebSection& web);

}  // namespace paws::agent
