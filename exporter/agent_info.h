// AgentInfo: what the exporter tells about the agent itself. The exporter does no I/O, so the
// caller fills it, anew for each answer.

#pragma once

#include "core/time.h"
#include "exporter/handshake_refusal.h"

#include <cstdint>
#include <optional>
#include <string>

namespace paws::exporter {

// What /proc/self says (proc_pid_stat(5), proc_pid_limits(5)).
struct ProcessStats {
    std::optional<double> cpu_seconds;  // user and system, since its start
    std::optional<std::uint64_t> resident_bytes;
    std::optional<std::uint64_t> virtual_bytes;
    std::optional<std::uint64_t> open_fds;
    std::optional<std::uint64_t> max_fds;
    std::optional<WallTime> started;
};

// The files of [web]; each absent where its setting is.
struct WebFiles {
    std::optional<WallTime> certificate_expires;
    std::optional<bool> tls_good;  // what is in force is of the files as they are
    std::optional<bool> tokens_good;
};

// Requests that were refused, since the agent started.
struct Refusals {
    std::uint64_t no_token = 0;
    std::uint64_t wrong_token = 0;
    std::uint64_t too_many = 0;   // wrong ones of the same address
    std::uint64_t too_often = 0;  // whatever it asked for
};

struct AgentInfo {
    std::string version;
    std::string revision;
    int pid = 0;
    std::string hostname;
    std::string environment;
    std::string config_file;  // the first it read, or would have
    ProcessStats process;
    WebFiles web;
    std::optional<HandshakeCounts> handshakes_refused;  // where TLS is spoken
    Refusals refusals;                                  // by the server itself
    Now now;                                            // of this answer: how old the snapshot is
};

// [exporter] of the configuration.
struct Options {
    bool legacy_metrics = false;
};

}  // namespace paws::exporter
