// Visible: what there is to see of one runner from outside: by systemd, by the kernel, in its
// journal and its own files. The observer makes facts of it.

#pragma once

#include "core/runner_facts.h"
#include "tests/traces/dice.h"

#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace paws::traces {

// A value that is copied into the facts only when it changed.
template <class T>
class Watched {
public:
    const T& operator*() const { return value_; }
    const T* operator->() const { return &value_; }
    T& change() {
        ++revision_;
        return value_;
    }
    std::uint64_t revision() const { return revision_; }

private:
    T value_{};
    std::uint64_t revision_ = 1;
};

// Connections to GitHub in the unit's cgroup, by whom they serve.
enum class SocketOf { poll, service, worker, steps, leftover };
inline constexpr std::size_t socket_count = 5;

struct Socket {
    bool established = false;
    Instant received{};  // its newest byte, in time without suspend
};

inline constexpr std::uint32_t runner_uid = 1'001;

struct Line {
    WallTime at;
    std::string text;
};

struct Visible {
    Watched<Unit> unit;
    Watched<RunnerFiles> files;
    Watched<std::vector<Process>> processes;  // by pid
    std::array<Socket, socket_count> sockets;
    Watched<RunnerTrace> trace;
    std::vector<Line> lines;  // of the unit's last start
    std::uint64_t starts = 0;
    Span cpu{};  // of the cgroup
    std::uint64_t oom_kills = 0;

    Socket& socket(SocketOf of) { return sockets.at(static_cast<std::size_t>(of)); }
    const Socket& socket(SocketOf of) const { return sockets.at(static_cast<std::size_t>(of)); }

    Process& add_process(int pid, int parent, std::string_view comm, BootTime now) {
        static constexpr std::uint64_t ticks_per_second = 100;
        const auto ticks = static_cast<std::uint64_t>(
            now.time_since_epoch() / std::chrono::milliseconds{1'000 / ticks_per_second});
        auto& all = processes.change();
        auto place = all.begin();
        while (place != all.end() && place->pid < pid) {
            ++place;
        }
        return *all.insert(place,
                           Process{.pid = pid,
                                   .parent = parent,
                                   .start_ticks = ticks,
                                   .state = 'S',
                                   .uid = runner_uid,
                                   .comm = std::string{comm}});
    }
    void remove_process(int pid) {
        std::erase_if(processes.change(), [&](const Process& one) { return one.pid == pid; });
    }
    void set_process_state(int pid, char state) {
        for (auto& process : processes.change()) {
            if (process.pid == pid) {
                process.state = state;
            }
        }
    }
    // Whoever lost its parent goes to the reaper.
    void orphan_children(int parent) {
        for (auto& process : processes.change()) {
            if (process.parent == parent) {
                process.parent = 1;
            }
        }
    }
};

}  // namespace paws::traces
