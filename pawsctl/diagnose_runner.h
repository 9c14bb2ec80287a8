// Diagnose runner: whether a runner would come up again, tell whose jobs it runs, and survive what
// hosts do to runners. Pure: the evidence is given.

#pragma once

#include "core/host_facts.h"
#include "core/result.h"
#include "pawsctl/diagnosis.h"

#include <map>
#include <optional>
#include <string>

#include <boost/json/object.hpp>

namespace paws::pawsctl {

// Of the runner's directory, as this user sees it.
struct RootEvidence {
    std::string path;
    std::optional<Error> error;  // why nothing below could be looked at
    std::uint64_t service_bytes = 0;
    bool service_runs = false;               // it may be executed
    std::string service_text;                // of runsvc.sh
    std::map<std::string, bool> programs;    // by path below the root: is it there
    std::optional<std::string> environment;  // of .env; absent: it may not be read
    std::map<std::string, bool> hooks;       // by the path that .env names: is it there
    std::optional<FilesystemUsage> space;
};

struct RunnerEvidence {
    std::string name;
    std::string unit;                                         // empty: runs without systemd
    boost::json::object runner;                               // the agent's word; may be empty
    std::map<std::string, std::string, std::less<>> service;  // systemd's properties; may be empty
    RootEvidence root;
    std::string groups;  // /etc/group
};

// The node that runsvc.sh starts, below the root: "externals/node20/bin/node"; empty when none.
std::string node_of(std::string_view service_text);

Examined diagnose_runner(const RunnerEvidence& evidence);

}  // namespace paws::pawsctl
