// Config text: the settings in force, as TOML that reads back to the same Config, and what differs
// between two. Pure.

#pragma once

#include "agent/config.h"

#include <string>
#include <vector>

namespace paws::agent {

struct Setting {
    std::string section;  // "web", "collectors.cpu", "[runners.static]"
    std::string key;
    std::string value;  // as TOML

    bool operator==(const Setting&) const = default;
};

// Every setting, defaults included, in the order of the documentation.
std::vector<Setting> settings(const Config& config);

// The same as a file. It holds no secret: secrets are files, named by path.
std::string config_text(const Config& config);

// One line per setting that differs: `[web] listen: [":7297"] -> ["127.0.0.1:7297"]`.
std::vector<std::string> differences(const Config& before, const Config& after);

}  // namespace paws::agent
