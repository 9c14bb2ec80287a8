#include "collectors/process_table.h"

#include "collectors/process_stat.h"
#include "platform/small_file.h"

#include <algorithm>
#include <array>
#include <string>
#include <utility>

namespace paws::collectors {

namespace {

// All are read again within 64 rounds, unless they are very many.
constexpr std::size_t least_turn = 4;
constexpr std::size_t most_turn = 16;
constexpr std::size_t rounds_for_all = 64;

}  // namespace

std::optional<Process> ProcessTable::read(int pid) const {
    std::array<char, 2048> buffer{};
    const auto file = platform::read_small(root_, "proc/" + std::to_string(pid) + "/stat", buffer);
    if (!file) {
        return std::nullopt;
    }
    auto process = parse_process_stat(file->text);
    if (!process || process->pid != pid) {
        return std::nullopt;
    }
    process->uid = file->uid;
    return *std::move(process);
}

// A process seen once may have been caught between fork and exec: its second sighting is read too.
bool ProcessTable::is_due(std::size_t at) const {
    return rows_.sightings[at] < 2 || rows_.processes[at].role != ProcessRole::job ||
           (at >= turn_ && at < turn_end_);
}

void ProcessTable::Rows::add(Process process, std::uint8_t times_seen) {
    processes.push_back(std::move(process));
    sightings.push_back(times_seen);
}

// The pid may be another process's by now: then nothing of `before` holds.
bool ProcessTable::renew(int pid, const Process* before, Rows& into) const {
    auto process = read(pid);
    if (!process) {
        return false;
    }
    const bool same = before != nullptr && before->start_ticks == process->start_ticks;
    process->role = same ? before->role : ProcessRole::job;
    into.add(*std::move(process), same ? 2 : 1);
    return true;
}

std::vector<int> ProcessTable::update(std::span<const int> pids) {
    auto& known = rows_.processes;
    turn_ = turn_end_ < known.size() ? turn_end_ : 0;
    turn_end_ = turn_ + std::clamp(known.size() / rounds_for_all, least_turn, most_turn);

    Rows next;
    next.processes.reserve(pids.size());
    next.sightings.reserve(pids.size());
    std::vector<int> unread;
    std::size_t at = 0;
    for (const int pid : pids) {
        while (at < known.size() && known[at].pid < pid) {
            ++at;
        }
        auto* const before = at < known.size() && known[at].pid == pid ? &known[at] : nullptr;
        if (before != nullptr && !is_due(at)) {
            next.add(std::move(*before), rows_.sightings[at]);
        } else if (!renew(pid, before, next)) {
            unread.push_back(pid);
        }
    }
    rows_ = std::move(next);
    return unread;
}

}  // namespace paws::collectors
