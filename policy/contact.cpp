#include "policy/contact.h"

#include "core/snapshot.h"

#include <algorithm>

namespace paws::policy {

namespace {

// Wall time as boot time; a time from the future (the clock was set back) counts as now.
BootTime on_boot_clock(WallTime time, const Now& now) {
    return now.boot - std::max(now.wall - time, std::chrono::nanoseconds{0});
}

void keep_newer(std::optional<BootTime>& kept, BootTime candidate) {
    kept = std::max(kept.value_or(candidate), candidate);
}

}  // namespace

ContactView view_contact(const Runner& runner, std::optional<Contact>& memory, const Now& now) {
    const auto* sockets = fresh(runner.sockets, now);
    if (!memory) {
        memory = Contact{.watched_since = now.boot, .last = std::nullopt, .line = std::nullopt};
    }
    if (sockets == nullptr) {
        memory->watched_since = now.boot;  // silence is counted only while we could have heard
    } else if (sockets->last_received_seconds) {
        const std::chrono::duration<double> age{*sockets->last_received_seconds};
        keep_newer(memory->last,
                   now.boot - std::chrono::duration_cast<std::chrono::nanoseconds>(age));
    }
    // Once a line: a clock that is set back must not make an old one look new.
    const auto line = runner.log.value ? runner.log.value->contact : std::nullopt;
    if (line && line != memory->line) {
        keep_newer(memory->last, on_boot_clock(*line, now));
        memory->line = line;
    }
    const auto from = std::max(memory->last.value_or(memory->watched_since), memory->watched_since);
    return {.last = memory->last, .watched = sockets != nullptr, .silent_for = now.boot - from};
}

}  // namespace paws::policy
