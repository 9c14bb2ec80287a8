#include "policy/contact.h"

#include "core/snapshot.h"
#include "policy/processes.h"
#include "policy/thresholds.h"

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

// Once a line: a clock that is set back must not make an old one look new.
void hear_line(Contact& memory,
               std::optional<WallTime>& counted,
               const std::optional<WallTime>& line,
               const Now& now) {
    if (line && line != counted) {
        keep_newer(memory.last, on_boot_clock(*line, now));
        counted = line;
    }
}

// True when a lease that is not renewed would be noticed.
bool hear_lease(const Runner& runner, Contact& memory, const Now& now) {
    const auto* trace = fresh(runner.trace, now);
    if (trace == nullptr || !trace->error.empty()) {
        return false;
    }
    hear_line(memory, memory.lease, trace->lease_renewed, now);
    return true;
}

// A listener that is stopped or dead reads nothing of what its sockets receive.
bool cannot_read(const Runner& runner, const Now& now) {
    const auto* listener = listener_of(runner, now);
    return listener != nullptr && is_stuck(*listener) && listener->state != 'D';
}

// True when sockets on which nothing comes would be noticed. Bytes that others may have received
// prove nothing against GitHub's own word.
bool hear_sockets(const Runner& runner, bool shared, Contact& memory, const Now& now) {
    const auto* sockets = fresh(runner.sockets, now);
    const bool elsewhere = runner.unit_state.value && runner.unit_state.value->own_network;
    if (sockets == nullptr || elsewhere) {
        return false;
    }
    const auto* api = fresh(runner.api, now, network_fresh_for);
    const bool doubtful = cannot_read(runner, now) ||
                          (shared && api != nullptr && api->registration == Registration::offline);
    if (sockets->last_received_seconds) {
        const std::chrono::duration<double> age{*sockets->last_received_seconds};
        const auto received = now.boot - std::chrono::duration_cast<std::chrono::nanoseconds>(age);
        keep_newer(memory.received, received);
        if (!doubtful) {
            keep_newer(memory.last, received);
        }
    }
    return true;
}

// For how long it has been in a state in which it runs no code.
std::chrono::nanoseconds look_at_listener(const Runner& runner, Contact& memory, const Now& now) {
    const auto* listener = listener_of(runner, now);
    if (listener == nullptr || !is_stuck(*listener)) {
        memory.stuck_since.reset();
        return {};
    }
    memory.stuck_since = memory.stuck_since.value_or(now.boot);
    return now.boot - *memory.stuck_since;
}

// GitHub's list lags and calls dead listeners online for a while: it counts only where nothing
// better is to be had.
void hear_api(const Runner& runner, Contact& memory, const Now& now) {
    const auto* api = fresh(runner.api, now, network_fresh_for);
    if (api != nullptr && api->registration == Registration::online) {
        keep_newer(memory.last, runner.api.taken.boot);
    }
}

}  // namespace

ContactView view_contact(const Runner& runner, std::optional<Contact>& memory, const Now& now) {
    if (!memory || now.boot - memory->seen > longest_blink) {
        const auto last = memory ? memory->last : std::nullopt;
        memory = Contact{.watched_since = now.boot, .explained = now.boot, .last = last};
    }
    memory->seen = now.boot;
    const auto* tree = fresh(runner.processes, now);
    ContactView view{.by_lease = has_worker(runner, now),
                     .shared = tree != nullptr && has_company(*tree)};
    hear_line(
        *memory, memory->line, runner.log.value ? runner.log.value->contact : std::nullopt, now);
    view.watched = view.by_lease ? hear_lease(runner, *memory, now)
                                 : hear_sockets(runner, view.shared, *memory, now);
    if (!view.watched) {
        hear_api(runner, *memory, now);
        memory->watched_since = now.boot;
    }
    view.explanation = explain_silence(runner, memory->last, now);
    view.stuck_for = look_at_listener(runner, *memory, now);
    // GitHub's servers being out looks the same from the runner: only an attempt of our own that
    // succeeds tells them apart.
    view.way_known = polled_reach(runner, now) != nullptr;
    if (!view.watched || view.explanation || !view.way_known) {
        memory->explained = now.boot;
    }
    const auto from = std::max(memory->last.value_or(memory->watched_since), memory->watched_since);
    const auto received = memory->received.value_or(memory->watched_since);
    view.sockets_silent_for = now.boot - std::max(received, memory->watched_since);
    view.last = memory->last;
    view.silent_for = now.boot - from;
    view.unexplained_for = now.boot - std::max(from, memory->explained);
    return view;
}

}  // namespace paws::policy
