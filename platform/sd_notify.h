// sd_notify: what the daemon tells the service manager, sd_notify(3). Nothing happens when no
// manager listens. May be called from any thread.

#pragma once

#include <chrono>
#include <optional>
#include <string>

namespace paws::platform {

// `state` is lines of NAME=VALUE. False when nobody listens, or when the manager did not take it
// within 50 ms: its queue is full while PID 1 hangs. `descriptor` goes along (FDSTORE=1).
bool notify(const std::string& state, std::optional<int> descriptor = std::nullopt);

// What RELOADING=1 wants beside it: "MONOTONIC_USEC=..." of this moment.
std::string monotonic_stamp();

// How often WATCHDOG=1 is due, where the unit has WatchdogSec=.
std::optional<std::chrono::microseconds> watchdog_interval();

// Whether stderr goes to the journal (JOURNAL_STREAM of systemd.exec(5)): then each line may begin
// with its priority, <N>.
bool stderr_is_the_journal();

}  // namespace paws::platform
