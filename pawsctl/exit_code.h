// Exit codes: a contract with scripts (docs/pawsctl.md); the numbers above 63 are sysexits.h's.

#pragma once

namespace paws::pawsctl {

inline constexpr int exit_well = 0;
inline constexpr int exit_degraded = 1;
inline constexpr int exit_failed = 2;
inline constexpr int exit_unknown = 3;
inline constexpr int exit_usage = 64;
inline constexpr int exit_unreachable = 69;  // nothing at the socket gives a usable answer
inline constexpr int exit_bug = 70;
inline constexpr int exit_output = 74;   // what was found could not be written
inline constexpr int exit_later = 75;    // not so yet, after --wait
inline constexpr int exit_refused = 77;  // the agent runs and does not let this user ask
inline constexpr int exit_config = 78;

}  // namespace paws::pawsctl
