// Unmanaged processes: runners that no unit names (run.sh in a container or a terminal), found by
// the program their listener runs: <root>/bin*/Runner.Listener. The link /proc/PID/exe is the
// kernel's word and needs rights; without them the command line and the uid of the root's owner
// decide. /proc is listed at most every five seconds, and only while there is such a runner; what a
// known runner's programs start in between is seen at once.

#pragma once

#include "collectors/process_table.h"
#include "core/facts.h"
#include "core/time.h"
#include "platform/root_fs.h"

#include <map>
#include <optional>
#include <set>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace paws::collectors {

inline constexpr auto hidden_advice =
    ": /proc is mounted with hidepid; give the agent's user the group of its gid= option";

class UnmanagedProcesses {
public:
    explicit UnmanagedProcesses(const platform::RootFs& root) : root_{root}, table_{root} {}

    // The tree of each runner, by name; a runner whose owner is not known yet is left out.
    std::vector<std::pair<std::string, ProcessTree>> look(const std::vector<const Runner*>& runners,
                                                          const Now& now);

private:
    // What /proc says of the program, read once per process and exec.
    struct Program {
        std::uint64_t start_ticks = 0;
        std::string comm;
        std::string path{};      // of exe, or cmdline[0]
        bool certain = false;    // from exe
        std::string argument{};  // cmdline[1]
    };

    // Of scripts above a listener: they stay the runner's while they wait to start the next.
    struct Starter {
        int pid = 0;
        std::uint64_t start_ticks = 0;
    };

    void list_processes(const Now& now);
    std::vector<int> children_of(int pid) const;
    void add_children();
    const Program& program(const Process& process);
    // Whether it runs <root>/bin*/`name`, as far as the agent's rights let it know.
    bool runs(const Process& process, std::string_view name, const Runner& runner);
    bool runs_script(const Process& process, std::span<const std::string_view> scripts) const;
    bool below_worker(const Process& process);
    const Process* find(int pid);
    const Process* find_listener(const Runner& runner);
    std::vector<Starter> find_starters(const Process& listener);  // the lowest first
    void add_descendants(std::set<int>& pids);
    std::vector<Process> members(const Runner& runner, int& main_pid);
    void keep_roles(const std::vector<std::vector<Process>>& groups);

    platform::RootFs root_;
    ProcessTable table_;
    std::vector<int> pids_;
    std::optional<BootTime> listed_;
    std::map<std::string, std::vector<Starter>> starters_;  // by runner
    bool hidden_ = false;
    std::map<int, Program> programs_;  // by pid, of those that call themselves Runner.*
};

}  // namespace paws::collectors
