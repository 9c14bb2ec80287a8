#include "collectors/process_roles.h"

#include <algorithm>
#include <vector>

namespace paws::collectors {

namespace {

// Deeper than any way to start a listener: ExecStart, run.sh, run-helper.sh, Runner.Listener.
constexpr int deepest_listener = 4;

class Roles {
public:
    Roles(std::span<Process> processes, int main_pid)
        : processes_{processes}, main_pid_{main_pid} {}

    void assign() {
        start_over();
        auto* const listener = find_listener();
        auto* const main = find(main_pid_);
        if (main != nullptr) {
            main->role = ProcessRole::shell;
        }
        if (auto* wrapper = listener != nullptr ? find(listener->parent) : oldest_child(main_pid_);
            wrapper != nullptr && wrapper != main) {
            wrapper->role = ProcessRole::wrapper;
        }
        if (listener != nullptr) {
            listener->role = ProcessRole::listener;
        }
        for (auto& process : processes_) {
            if (process.role == ProcessRole::job) {
                process.role = role_below(process, listener);
            }
        }
    }

private:
    Process* find(int pid) const {
        const auto found = std::ranges::lower_bound(processes_, pid, {}, &Process::pid);
        return found != processes_.end() && found->pid == pid ? &*found : nullptr;
    }

    // A helper that lost its parent (`_update.sh` outlives the listener) is known by its past.
    void start_over() const {
        for (auto& process : processes_) {
            const bool helper = process.role == ProcessRole::helper &&
                                process.comm != worker_comm && process.comm != listener_comm;
            process.role = helper ? ProcessRole::helper : ProcessRole::job;
        }
    }

    Process* oldest_child(int pid) const {
        Process* oldest = nullptr;
        for (auto& process : processes_) {
            if (pid != 0 && process.parent == pid &&
                (oldest == nullptr || process.start_ticks < oldest->start_ticks)) {
                oldest = &process;
            }
        }
        return oldest;
    }

    // How many steps above `process` the main process is; negative when it is not, or when a worker
    // is between. Where there is no main process all that are below no worker are equally high.
    int depth(const Process& process) const {
        const auto* at = &process;
        for (int steps = 0; steps <= deepest_listener; ++steps) {
            if (at->pid == main_pid_) {
                return steps;
            }
            if (at->comm == worker_comm) {
                return -1;
            }
            const auto* above = find(at->parent);
            if (above == nullptr) {
                return main_pid_ == 0 ? 0 : -1;
            }
            at = above;
        }
        return -1;
    }

    // The highest one: what a job starts is below it. A tie goes to the oldest.
    Process* find_listener() const {
        Process* highest = nullptr;
        int least = 0;
        for (auto& process : processes_) {
            const int steps = process.comm == listener_comm ? depth(process) : -1;
            const bool higher = highest == nullptr || steps < least ||
                                (steps == least && process.start_ticks < highest->start_ticks);
            if (steps >= 0 && higher) {
                highest = &process;
                least = steps;
            }
        }
        return highest;
    }

    ProcessRole role_below(const Process& process, const Process* listener) const {
        const bool child = listener != nullptr && process.parent == listener->pid;
        if (process.comm == worker_comm) {
            return child                ? ProcessRole::worker
                   : is_orphan(process) ? ProcessRole::orphan_worker
                                        : ProcessRole::job;
        }
        const bool plugin = process.comm.starts_with("Runner.PluginHo");
        return child || plugin ? ProcessRole::helper : ProcessRole::job;
    }

    // A worker whose listener died was given to a reaper outside the runner. One that has a parent
    // within it is a fork of a job.
    bool is_orphan(const Process& process) const {
        const auto* parent = find(process.parent);
        return parent == nullptr || parent->pid == main_pid_ ||
               parent->role == ProcessRole::wrapper;
    }

    std::span<Process> processes_;
    int main_pid_;
};

}  // namespace

void assign_roles(std::span<Process> processes, int main_pid) {
    Roles{processes, main_pid}.assign();
}

}  // namespace paws::collectors
