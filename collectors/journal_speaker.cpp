#include "collectors/journal_speaker.h"

#include "collectors/runner_log.h"

#include <algorithm>
#include <utility>

namespace paws::collectors {

namespace {

constexpr std::size_t remembered_starts = 8;
constexpr std::size_t remembered_refusals = 16;

// Only who has a listener below it: while the unit starts, its shell has other children for a
// moment (runsvc.sh: `cat .path`), and what came of believing one of them was the silence of the
// runner.
int wrapper_below(const Runner& runner, int main_pid) {
    if (!runner.processes.value) {
        return 0;
    }
    const auto& processes = runner.processes.value->processes;
    const auto listener = std::ranges::find(processes, ProcessRole::listener, &Process::role);
    if (listener == processes.end()) {
        return 0;
    }
    const auto found = std::ranges::find_if(processes, [&](const Process& process) {
        return process.role == ProcessRole::wrapper && process.pid == listener->parent &&
               (main_pid == 0 || process.parent == main_pid);
    });
    return found == processes.end() ? 0 : found->pid;
}

}  // namespace

Speaker::Start& Speaker::start_of(const std::string& invocation) {
    const auto found = std::ranges::find(starts_, invocation, &Start::invocation);
    if (found != starts_.end()) {
        return *found;
    }
    if (starts_.size() == remembered_starts) {
        starts_.erase(starts_.begin());
    }
    return starts_.emplace_back(Start{.invocation = invocation});
}

int Speaker::wrapper_of(const std::string& invocation) const {
    const auto found = std::ranges::find(starts_, invocation, &Start::invocation);
    return found == starts_.end() ? 0 : found->wrapper;
}

bool Speaker::refused(const Start& start, int pid) {
    return std::ranges::find(start.refused, pid) != start.refused.end();
}

bool Speaker::believe(Start& start, int wrapper) {
    const bool other = start.wrapper != 0 && start.wrapper != wrapper;
    start.wrapper = wrapper;
    return other || refused(start, wrapper);
}

bool Speaker::learn(const Runner& runner) {
    if (!runner.unit_state.value) {
        const int known = std::exchange(unmanaged_wrapper_, wrapper_below(runner, 0));
        return unmanaged_wrapper_ != 0 && unmanaged_wrapper_ != known && !starts_.empty() &&
               starts_.back().wrapper == 0 && refused(starts_.back(), unmanaged_wrapper_);
    }
    const auto& unit = *runner.unit_state.value;
    if (unit.invocation_id.empty()) {
        return false;
    }
    auto& start = start_of(unit.invocation_id);
    if (unit.exec_main_pid > 0) {
        start.shell = unit.exec_main_pid;
    }
    const int wrapper = unit.main_pid > 0 ? wrapper_below(runner, unit.main_pid) : 0;
    return wrapper != 0 && wrapper != start.wrapper && believe(start, wrapper);
}

// Whether the writer of this entry is the wrapper, by what it says.
bool Speaker::introduces_itself(Start& start, const JournalEntry& entry) {
    if (!start.stream.empty() && entry.stream != start.stream) {
        return false;
    }
    const bool first = !start.taken;
    start.taken = true;
    const auto event = parse_listener_line(entry.message);
    if (!first || !event || event->says != Says::starting) {
        return false;
    }
    start.wrapper = entry.pid;
    return true;
}

bool Speaker::is_believed(Start& start, const JournalEntry& entry) const {
    // Without invocation ids all starts of a unit look like one.
    const bool replaceable = start.wrapper == 0 || entry.invocation.empty();
    if (replaceable && entry.pid == unmanaged_wrapper_) {
        start.wrapper = entry.pid;
    }
    return start.wrapper != 0 ? entry.pid == start.wrapper : introduces_itself(start, entry);
}

bool Speaker::speaks(const JournalEntry& entry) {
    if (entry.transport != "stdout" || entry.pid <= 0) {
        return false;
    }
    auto& start = start_of(entry.invocation);
    const bool first = !start.begun;
    start.begun = true;
    if (first && start.shell == 0 && entry.message.starts_with(".path=")) {
        start.shell = entry.pid;  // runsvc.sh says so before anything else
    }
    if (entry.pid == start.shell) {
        if (start.stream.empty()) {
            start.stream = entry.stream;
        }
        return true;
    }
    if (is_believed(start, entry)) {
        return true;
    }
    auto& refused = start.refused;
    if (refused.size() < remembered_refusals &&
        std::ranges::find(refused, entry.pid) == refused.end()) {
        refused.push_back(entry.pid);
    }
    return false;
}

}  // namespace paws::collectors
