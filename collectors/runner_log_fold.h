// Fold: what the runner's lines, one after the other, say about its state. Pure.

#pragma once

#include "collectors/runner_log.h"

namespace paws::collectors {

// How many finished jobs and listener exits a log remembers.
inline constexpr std::size_t remembered_jobs = 10;
inline constexpr std::size_t remembered_exits = 10;

// `at` is when the journal took the line. Where it is before what the log remembers, the clock was
// set back and the remembered times move with it: no duration is below zero, and newer stays newer.
void fold(RunnerLog& log, const ListenerEvent& event, WallTime at);

}  // namespace paws::collectors
