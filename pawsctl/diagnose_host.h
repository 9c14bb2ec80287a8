// Diagnose host: whether this host lets the agent see what it is for. Pure: the evidence is given.

#pragma once

#include "pawsctl/ask.h"
#include "pawsctl/diagnosis.h"
#include "pawsctl/journal_storage.h"

#include <optional>
#include <string>

#include <boost/json/object.hpp>

namespace paws::pawsctl {

struct HostEvidence {
    std::optional<Failure> refused;  // why the agent gave no status
    boost::json::object status;      // empty then
    std::string socket;              // where it was asked
    std::string mounts;              // /proc/mounts
    std::string groups;              // /etc/group
    std::string users;               // /etc/passwd
    JournalStorage journal_storage;
    bool journal_directory = false;  // /var/log/journal is there
    bool polkit = false;             // is installed
    bool polkit_rule = false;        // the agent's
    std::string polkit_load;         // LoadState of its unit; empty when systemd does not say
    std::string polkit_active;       // ActiveState; inactive is fine, D-Bus starts it
    bool needrestart = false;        // is installed
    std::string needrestart_rules;   // what its configuration says
};

Examined diagnose_host(const HostEvidence& evidence);

}  // namespace paws::pawsctl
