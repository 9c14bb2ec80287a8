// Fold: what the runner's lines, one after the other, say about its state. Pure.

#pragma once

#include "collectors/runner_log.h"

namespace paws::collectors {

// How many finished jobs and listener exits a log remembers. Jobs that nobody has been told of yet
// are kept beyond that, up to a bound.
inline constexpr std::size_t remembered_jobs = 10;
inline constexpr std::size_t untold_jobs_limit = 1000;
inline constexpr std::size_t remembered_exits = 10;

// `at` is when the journal took the line. Where it is before what the log remembers, the clock was
// set back and the remembered times move with it: no duration is below zero, and newer stays newer.
void fold(RunnerLog& log, const ListenerEvent& event, WallTime at);

// Closes the running job: its worker is gone, and what it may still say of itself counts no more.
void give_up_job(RunnerLog& log, WallTime at);

// Forgets finished jobs beyond those that a log remembers; `told` is what everybody has seen of it,
// null when that is nothing.
void forget_told_jobs(RunnerLog& log, const RunnerLog* told);

}  // namespace paws::collectors
