// GitHub facts: how GitHub looks from this host and what it says itself of a runner. None of it
// comes from job code, so it may contradict what runners print.

#pragma once

#include "core/time.h"

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

namespace paws {

// How far an attempt to reach a server came. The proxy is asked between connect and tls.
enum class ReachStage { name, connect, proxy, tls, http };

struct ReachFailure {
    ReachStage stage = ReachStage::name;
    std::string what;
    bool timed_out = false;  // the time for it was over
    bool operator==(const ReachFailure&) const = default;
};

// One attempt of the agent to reach a server that a runner needs, by the runner's own way.
struct Reach {
    Now tried;
    bool polled = false;                  // the runner's listener waits for its jobs there
    std::optional<ReachFailure> failure;  // absent: a server with the right certificate answered
    double seconds = 0;
    std::optional<double> clock_behind_seconds;  // ours behind the answer's Date (RFC 9110, 6.6.1)
};

// By "host:port", of those that this runner's settings name.
using Reaches = std::map<std::string, Reach>;

// What GitHub's list of runners says of one (REST: .../actions/runners). It lags by a minute.
enum class Registration { online, offline, absent };
struct ApiRunner {
    Registration registration = Registration::absent;
    bool busy = false;
    std::vector<std::string>
        labels{};  // lower case; a job goes to a runner that has all of its own
};

// A job that waits at GitHub for a runner.
struct WaitingJob {
    std::uint64_t run_id = 0;
    std::string name;    // the workflow's text: printable, at most 256 bytes
    double seconds = 0;  // how long already, by GitHub's clock
};

// Of the jobs of a runner's repository that it could take by its labels, the one that waits
// longest.
struct WaitingJobs {
    std::optional<WaitingJob> longest;  // absent: none waits
};

// How long a job had waited for its runner, from its creation to its start, by GitHub's clock.
struct QueueTime {
    WallTime started;  // of the RunnerLog's job
    double seconds = 0;
};

// How GitHub's API answers this agent. Absent from the facts when no credential is configured.
struct GithubApi {
    std::optional<Now> answered;  // the newest complete list of any scope
    std::string error;            // why the last try of a scope failed; empty: none did
    std::optional<std::uint64_t> requests_left;  // of the credential's rate limit
};

}  // namespace paws
