// Runner settings: what the files that configure a runner say (facts: C/ConfigurationStore.cs,
// L/Program.cs). Pure parsing; job code may have written every byte of it.

#pragma once

#include "core/result.h"
#include "core/runner_facts.h"

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace paws::collectors {

// `.runner`: JSON with a byte order mark, keys in any case, values as string, number or boolean
// (a just-in-time configuration is written by the server), no gitHubUrl in some.
Result<RunnerSettings> parse_runner_settings(std::string_view text);

struct Endpoint {
    std::string host;  // as written; an IPv6 address without its brackets
    std::uint16_t port = 0;

    bool operator==(const Endpoint&) const = default;
};

// Of "https://user:secret@host:port/path" and shorter forms, "host:port" among them. A URL without
// a port has its scheme's.
std::optional<Endpoint> parse_endpoint(std::string_view url);

// The proxy for https in `.env` as "host:port", without its user and password; empty when none.
std::string parse_proxy(std::string_view dot_env);

// "2.336.0" from what the `bin` symlink says; empty when it is no "bin.VERSION".
std::string version_of_link(std::string_view target);

}  // namespace paws::collectors
