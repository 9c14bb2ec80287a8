// Lines: what a listener and its wrapper print (facts 2.4, 4.1), and names that workflows give
// their jobs.

#pragma once

#include "core/time.h"
#include "tests/traces/dice.h"
#include "tests/traces/truth.h"

#include <string>
#include <string_view>

namespace paws::traces {

// `text` behind the time that the listener puts before it, "2026-01-12 08:00:04Z: ".
std::string stamped(WallTime at, std::string_view text);

// Why a connection failed, in the words of .NET and of the operating system (facts 4.5).
std::string connect_error(Cause cause, std::string_view server);

// The wrapper's sentence about its listener's exit code.
std::string_view exit_sentence(std::string_view code);

// Untrusted: long, empty, many lines, and such that imitate other lines.
std::string job_name(Dice& dice);

// The result's word, by realistic weights.
std::string_view job_result(Dice& dice);

}  // namespace paws::traces
