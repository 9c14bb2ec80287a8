// Role: what whoever asks on the control socket may do: one table, peer -> role -> verbs. Pure.

#pragma once

#include "core/facts.h"
#include "platform/peer.h"

#include <array>
#include <optional>
#include <string>
#include <string_view>

namespace paws::agent {

enum class Role {
    host_operator,  // root, the daemon's user, members of the group paws-agent
    job,            // runs in a discovered runner's unit, as its user
    stranger,       // everybody else
};

enum class Verb { status, runner, jobs, config, logs, logs_follow, logs_test, drain, hold, resume };

struct Permission {
    Verb verb;
    std::string_view name;
    bool host_operator;
    bool job;
    bool stranger;
};
inline constexpr std::array permissions{
    Permission{Verb::status, "status", true, false, false},
    Permission{Verb::runner, "runner", true, false, false},
    Permission{Verb::jobs, "jobs", true, false, false},
    Permission{Verb::config, "config", true, false, false},
    Permission{Verb::logs, "logs", true, false, false},
    Permission{Verb::logs_follow, "logs_follow", true, false, false},
    Permission{Verb::logs_test, "logs_test", true, false, false},
    Permission{Verb::drain, "drain", true, false, false},
    Permission{Verb::hold, "hold", true, false, false},
    Permission{Verb::resume, "resume", true, false, false},
};

const Permission* permission_for(std::string_view verb);  // null: no such verb
bool may(Role role, const Permission& permission);

struct Asker {
    platform::Peer peer;
    std::optional<std::string> cgroup;  // nothing: it is gone, or hidden from us
};

// Who the daemon is.
struct Household {
    std::uint32_t uid = 0;
    std::optional<std::uint32_t> group;  // paws-agent, where the host has it
};

struct Standing {
    Role role = Role::stranger;
    std::string runner;  // whose job it is
    std::string advice;  // what a refused one can do
};

// In this order: root is an operator, as refusing it protects nothing. Whoever is in a runner's
// cgroup is that runner's job, or nobody, whatever groups its user is in: job code does not become
// an operator because an admin runs runners under his own account. Then the daemon's user and the
// group. A peer whose cgroup cannot be read may be a job, so only the daemon's user passes then.
// That holds for as long as a program stays in the unit: by cron, ssh or systemd-run --user it can
// leave, so no runner may run as a member of the group (`pawsctl doctor` looks).
Standing standing_of(const Asker& asker, const Household& household, const Facts& facts);

// The cgroup that systemd put a process in, from /proc/PID/cgroup (cgroups(7)).
std::optional<std::string> parse_cgroup(std::string_view text);

}  // namespace paws::agent
