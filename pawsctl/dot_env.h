// Dot env: a runner's `.env`, the way its listener reads it (L/Program.cs): KEY=VALUE, no quoting,
// no comments, no `export`; what has no key or no value says nothing, and the last line of a key
// counts. Pure.

#pragma once

#include "core/job_hook.h"
#include "core/result.h"

#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace paws::pawsctl {

struct EnvLine {
    std::string_view key;
    std::string_view value;
};
// Those that say something, in order.
std::vector<EnvLine> env_lines(std::string_view text);
std::optional<std::string> env_value(std::string_view text, std::string_view key);

// What a change of `.env` comes to; every other line stays as it is, to the byte.
struct EnvChange {
    std::string text;
    std::vector<std::string> lines;  // for people: "+ KEY=VALUE", "- KEY=VALUE"; none: no change
};
// Errc::denied: a hook of somebody else stands there; says how to chain ours.
Result<EnvChange> with_hooks(std::string_view text);
EnvChange without_hooks(std::string_view text);

}  // namespace paws::pawsctl
